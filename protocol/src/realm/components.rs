//! The replicated components of our game.

use serde::{Deserialize, Serialize};

use crate::bits::{BitField, BitReader, BitWriter, LongText};
use crate::movement::Course;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum EntityKind {
    /// A player's character.
    #[default]
    Player,
    /// A mob. `Appearance::definition` is an index into `Content.mobs`.
    Mob,
    /// A projectile. The definition is an index into `Content.abilities`.
    Projectile,
    /// An area on the ground. The definition is an index into `Content.abilities`.
    Area,
    /// An item on the ground. The definition is an index into `Content.items`.
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
    /// Cannot walk.
    pub const ROOTED: u16 = 1;
    /// Takes damage over time.
    pub const AFFLICTED: u16 = 1 << 1;
    /// Has a helpful status effect.
    pub const BUFFED: u16 = 1 << 2;
    /// Was in combat recently.
    pub const IN_COMBAT: u16 = 1 << 3;
    /// In a safe zone; cannot be harmed.
    pub const SAFE: u16 = 1 << 4;
    /// A boss in its second phase.
    pub const ENRAGED: u16 = 1 << 5;
    /// Returns to where it belongs and cannot be harmed.
    pub const RETURNING: u16 = 1 << 6;
    /// The player has lost its connection.
    pub const LINK_DEAD: u16 = 1 << 7;
}

crate::components! {
    /// Position, facing and movement, for dead reckoning. The client's own position is sent exactly, outside of the
    /// components.
    0 => pub struct Place {
        /// The course from which every later tick is computed.
        pub course: Course,
    }
    /// What it is. Only the level ever changes.
    1 => pub struct Appearance {
        /// The kind of entity.
        pub kind: EntityKind,
        /// Index of its definition within the kind; for players, the index of the class among the class ids in
        /// alphabetical order.
        pub definition: u16,
        /// Its level, 0 where it has none.
        pub level: u8,
    }
    /// Its name, for players and vendors.
    2 => pub struct Label {
        /// The name.
        pub name: String,
    }
    /// Its health points. At 0 it is dead.
    3 => pub struct Health {
        /// Current points.
        pub current: u16,
        /// Maximum points.
        pub max: u16,
    }
    /// The ability it is casting; removed when the cast ends.
    4 => pub struct Casting {
        /// The ability, an index into `Content.abilities`.
        pub ability: u16,
        /// The tick at which the cast takes effect.
        pub until_tick: u32,
    }
    /// Its status effects.
    5 => pub struct Status {
        /// Bits of the module `status`.
        pub flags: u16,
    }
    /// The class's resource. Only its own player receives it.
    6 => pub struct Resource {
        /// Current points.
        pub current: u16,
        /// Maximum points.
        pub max: u16,
    }
    /// When each ability slot is ready again. Only its own player receives it.
    7 => pub struct Cooldowns {
        /// The tick at which each slot is ready, by slot; 0 for ready now.
        pub ready_at: Vec<u32>,
    }
    /// How fast it walks, for prediction. Only its own player receives it.
    8 => pub struct MoveSpeed {
        /// Speed in 1/1,024 tile per tick.
        pub units_per_tick: u16,
    }
    /// The appearance that its player chose; absent if the player chose none. Never changes.
    9 => pub struct Look {
        /// The character's `appearance` from the HTTP API: a flat JSON object of at most
        /// [`MAX_LOOK_BYTES`](crate::limits::MAX_LOOK_BYTES) bytes.
        pub json: LongText,
    }
}
