//! The replicated components of our game. Those that change often have the lowest ids, whose masks are the shortest.

crate::messages! {
    /// What an entity is.
    #[derive(Eq, Copy, PartialOrd, Ord, Hash)]
    pub enum EntityKind {
        /// A player's character. `Appearance.definition` is an index into `Content.classes`.
        Player,
        /// A mob. The definition is an index into `Content.mobs`.
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
}

#[expect(clippy::derivable_impls, reason = "the macro that declares it knows no default variant")]
impl Default for EntityKind {
    fn default() -> Self {
        Self::Player
    }
}

/// Bits of [`Status::flags`].
pub mod status {
    use crate::wire::layout::Flag;

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

    /// All of them.
    pub const FLAGS: [Flag; 8] = [
        Flag { value: ROOTED, name: "rooted" },
        Flag { value: AFFLICTED, name: "afflicted" },
        Flag { value: BUFFED, name: "buffed" },
        Flag { value: IN_COMBAT, name: "in_combat" },
        Flag { value: SAFE, name: "safe" },
        Flag { value: ENRAGED, name: "enraged" },
        Flag { value: RETURNING, name: "returning" },
        Flag { value: LINK_DEAD, name: "connection_lost" },
    ];
}

crate::components! {
    /// Its health points. At 0 it is dead.
    0 => pub struct Health {
        /// Current points.
        pub current: u16,
        /// Maximum points.
        pub max: u16,
    }
    /// Its status effects.
    1 => pub struct Status {
        /// Bits: 1 rooted, 2 afflicted, 4 buffed, 8 in combat, 16 safe, 32 enraged, 64 returning, 128 connection lost.
        pub flags: u16,
    }
    /// The ability it is casting; removed when the cast ends.
    2 => pub struct Casting {
        /// The ability, an index into `Content.abilities`.
        pub ability: u16,
        /// The tick at which the cast takes effect.
        pub until_tick: u32,
    }
    /// The class's resource. Only its own player receives it.
    3 => pub struct Resource {
        /// Current points.
        pub current: u16,
        /// Maximum points.
        pub max: u16,
    }
    /// When each ability slot is ready again. Only its own player receives it.
    4 => pub struct Cooldowns {
        /// The tick from which each slot is ready, by slot, the global cooldown included. 0 or a past tick: it is ready.
        pub ready_at: Vec<u32>,
    }
    /// How fast it walks, for prediction. Only its own player receives it.
    5 => pub struct MoveSpeed {
        /// Speed in 1/1,024 tile per tick.
        pub units_per_tick: u16,
    }
    /// What it is. Only the level ever changes.
    6 => pub struct Appearance {
        /// The kind of entity.
        pub kind: EntityKind,
        /// Index of its definition in the list of `Content` for its kind. Where there is none it says nothing.
        pub definition: u16,
        /// Its level, 0 where it has none.
        pub level: u8,
    }
    /// Its name, for players and vendors.
    7 => pub struct Label {
        /// The name.
        pub name: String,
    }
    /// The appearance that its player chose; absent if the player chose none. Never changes.
    8 => pub struct Look {
        /// The character's `appearance` from the HTTP API: a flat JSON object of at most 128 bytes.
        pub json: String,
    }
    /// How much gold lies there, for gold on the ground. Never changes.
    9 => pub struct GoldAmount {
        /// The amount.
        pub gold: u32,
    }
}
