//! `abilities.toml`: what players and mobs can do.

use schemars::JsonSchema;
use serde::Deserialize;

use super::reference::{MobIndex, Ref};
use super::stats::Bonuses;
use super::tiles::Tiles;

/// The kind of target to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Entities of the own side, to help them.
    Friend,
    /// Entities of the other side that can be harmed.
    Foe,
}

/// An ability of a class or a mob.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ability {
    /// Its name for people.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// The level from which a character has it.
    #[serde(default = "first_level")]
    #[schemars(range(min = 1, max = 100))]
    pub min_level: u16,
    /// Whom it reaches.
    pub shape: Shape,
    /// What it does to everyone it reaches, in this order. Either all of it helps or all of it harms.
    #[schemars(length(min = 1, max = 6))]
    pub effects: Vec<Effect>,
    /// What it costs of the class's resource.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub cost: u16,
    /// How long it is cast before it takes effect, in milliseconds; 0 is at once.
    #[serde(default)]
    #[schemars(range(min = 0, max = 30_000))]
    pub cast_ms: u32,
    /// Whether walking leaves the cast alone instead of breaking it.
    #[serde(default)]
    pub cast_while_moving: bool,
    /// How long until it is ready again, in milliseconds.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3_600_000))]
    pub cooldown_ms: u32,
    /// Whether it neither waits for the global cooldown nor starts it.
    #[serde(default)]
    pub off_global_cooldown: bool,
    /// How much its damage and healing draw mobs to its user, in thousandths.
    #[serde(default = "all_of_it")]
    #[schemars(range(min = 0, max = 20_000))]
    pub threat_per_mille: u32,
}

fn first_level() -> u16 {
    1
}

fn all_of_it() -> u32 {
    1_000
}

impl Ability {
    /// Whether it helps those it reaches rather than harms them.
    pub fn is_friendly(&self) -> bool {
        self.relation() == Relation::Friend
    }

    /// Whom it is for.
    pub fn relation(&self) -> Relation {
        let helps = self.effects.iter().all(|effect| effect.is_friendly() != Some(false));
        if helps { Relation::Friend } else { Relation::Foe }
    }

    /// How far from its user it reaches, in 1/1,024 tile.
    pub fn range(&self) -> i32 {
        match self.shape {
            Shape::Own => 0,
            Shape::Cone { range_tiles, .. }
            | Shape::Enemy { range_tiles }
            | Shape::Ally { range_tiles }
            | Shape::Projectile { range_tiles, .. }
            | Shape::Ground { range_tiles, .. } => range_tiles.units(),
        }
    }
}

/// Whom an ability reaches.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Its user.
    Own,
    /// Everyone in a cone in front of its user.
    Cone {
        /// How far.
        range_tiles: Tiles,
        /// How wide, in degrees; 360 is all around.
        #[schemars(range(min = 1, max = 360))]
        width_degrees: u16,
    },
    /// One enemy in sight.
    Enemy {
        /// How far.
        range_tiles: Tiles,
    },
    /// One ally in sight, or its user.
    Ally {
        /// How far.
        range_tiles: Tiles,
    },
    /// Flies until it meets an enemy, a wall or the end of its range.
    Projectile {
        /// How far.
        range_tiles: Tiles,
        /// How fast.
        #[schemars(range(min = 1, max = 60))]
        speed_tiles_per_s: Tiles,
        /// How thick.
        #[serde(default)]
        #[schemars(range(min = 0, max = 2))]
        radius_tiles: Tiles,
        /// Everyone this near to where it ends is reached too; 0 is only the one it meets.
        #[serde(default)]
        #[schemars(range(min = 0, max = 10))]
        burst_tiles: Tiles,
    },
    /// Everyone around a point on the ground in sight.
    Ground {
        /// How far the point may be.
        range_tiles: Tiles,
        /// How wide.
        #[schemars(range(min = 0, max = 16))]
        radius_tiles: Tiles,
        /// How long it stays, in milliseconds; 0 is once.
        #[serde(default)]
        #[schemars(range(min = 0, max = 120_000))]
        lasts_ms: u32,
        /// How often it reaches those inside while it stays, in milliseconds.
        #[serde(default = "a_second")]
        #[schemars(range(min = 100, max = 60_000))]
        period_ms: u32,
    },
}

fn a_second() -> u32 {
    1_000
}

/// What an ability does to one that it reaches.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Damage.
    Damage {
        /// How much without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// How much of its user's power comes on top, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
    },
    /// Healing.
    Heal {
        /// How much without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// How much of its user's power comes on top, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
    },
    /// Damage again and again.
    DamageOverTime {
        /// How much each time without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// How much of its user's power comes on top each time, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
        /// How often, in milliseconds.
        #[schemars(range(min = 100, max = 60_000))]
        period_ms: u32,
        /// How long, in milliseconds.
        #[schemars(range(min = 100, max = 600_000))]
        lasts_ms: u32,
    },
    /// Makes stronger for a while.
    Buff {
        /// By what.
        bonuses: Bonuses,
        /// How long, in milliseconds.
        #[schemars(range(min = 100, max = 3_600_000))]
        lasts_ms: u32,
    },
    /// Holds to the spot: no walking.
    Root {
        /// How long, in milliseconds.
        #[schemars(range(min = 100, max = 60_000))]
        lasts_ms: u32,
    },
    /// Pushes away from its user.
    Knockback {
        /// How far.
        #[schemars(range(min = 0, max = 20))]
        distance_tiles: Tiles,
        /// In which time, in milliseconds.
        #[schemars(range(min = 50, max = 5_000))]
        lasts_ms: u32,
    },
    /// Calls mobs to its user's side.
    Summon {
        /// Which.
        mob: Ref<MobIndex>,
        /// How many at once.
        #[schemars(range(min = 1, max = 10))]
        count: u16,
        /// How many of this user's may live at the same time.
        #[schemars(range(min = 1, max = 40))]
        at_most: u16,
    },
}

impl Effect {
    /// Whether it helps (true) or harms (false); `None` for what does neither to whom it reaches.
    pub fn is_friendly(&self) -> Option<bool> {
        match self {
            Self::Heal { .. } | Self::Buff { .. } => Some(true),
            Self::Damage { .. } | Self::DamageOverTime { .. } | Self::Root { .. } | Self::Knockback { .. } => {
                Some(false)
            }
            Self::Summon { .. } => None,
        }
    }
}
