//! The replicated components of our game.

use serde::{Deserialize, Serialize};

use crate::bits::{BitField, BitReader, BitWriter};
use crate::movement::Course;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum EntityKind {
    /// A player's character.
    #[default]
    Player,
    /// A mob; `Appearance::definition` is a place in `Content.mobs`.
    Mob,
    /// A projectile; the definition is a place in `Content.abilities`.
    Projectile,
    /// An area on the ground; the definition is a place in `Content.abilities`.
    Area,
    /// An item on the ground; the definition is a place in `Content.items`.
    GroundItem,
    /// Gold on the ground.
    GroundGold,
    /// A vendor.
    Vendor,
}

/// `kind`: 3 bits, in the order of the variants.
impl BitField for EntityKind {
    fn kind() -> String {
        "kind".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        out.put(*self as u64, 3);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        Some(match from.take(3)? {
            0 => Self::Player,
            1 => Self::Mob,
            2 => Self::Projectile,
            3 => Self::Area,
            4 => Self::GroundItem,
            5 => Self::GroundGold,
            6 => Self::Vendor,
            _ => return None,
        })
    }
}

/// Bits of [`Status::flags`].
pub mod status {
    /// Can not walk.
    pub const ROOTED: u16 = 1;
    /// Suffers damage over time.
    pub const AFFLICTED: u16 = 1 << 1;
    /// Has a status that helps.
    pub const BUFFED: u16 = 1 << 2;
    /// Has been in combat lately.
    pub const IN_COMBAT: u16 = 1 << 3;
    /// In a safe zone: can not be harmed.
    pub const SAFE: u16 = 1 << 4;
    /// A boss in its second phase.
    pub const ENRAGED: u16 = 1 << 5;
    /// Walks back to where it belongs and can not be harmed.
    pub const RETURNING: u16 = 1 << 6;
    /// The player's connection is lost.
    pub const LINK_DEAD: u16 = 1 << 7;
}

crate::components! {
    /// Where it is, where it looks, and how it goes on. One's own is told exactly, outside of the components.
    0 => pub struct Place {
        /// From which every later tick is reckoned.
        pub course: Course,
    }
    /// What it is. Never changes but for the level.
    1 => pub struct Appearance {
        /// Its kind.
        pub kind: EntityKind,
        /// Which of that kind; for players the class's place among the class ids in alphabetical order.
        pub definition: u16,
        /// Its level, 0 where it has none.
        pub level: u8,
    }
    /// Its name, for players and vendors.
    2 => pub struct Label {
        /// The name.
        pub name: String,
    }
    /// Its health. At 0 it is dead.
    3 => pub struct Health {
        /// Now.
        pub current: u16,
        /// At most.
        pub max: u16,
    }
    /// It casts an ability; removed when the cast ends.
    4 => pub struct Casting {
        /// The ability, a place in `Content.abilities`.
        pub ability: u16,
        /// The tick at which it takes effect.
        pub until_tick: u32,
    }
    /// What weighs on it.
    5 => pub struct Status {
        /// Bits of the module `status`.
        pub flags: u16,
    }
    /// The class's resource; seen by its player alone.
    6 => pub struct Resource {
        /// Now.
        pub current: u16,
        /// At most.
        pub max: u16,
    }
    /// When each ability slot is ready again; seen by its player alone.
    7 => pub struct Cooldowns {
        /// Ticks by slot; 0 for ready.
        pub ready_at: Vec<u32>,
    }
    /// How fast it walks; seen by its player alone, for prediction.
    8 => pub struct MoveSpeed {
        /// 1/1,024 tile per tick.
        pub units_per_tick: u16,
    }
}
