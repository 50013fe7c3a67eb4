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
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ability {
    /// Display name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Level from which a character has it.
    #[serde(default = "first_level")]
    #[schemars(range(min = 1, max = 100))]
    pub min_level: u16,
    /// Which targets it reaches.
    pub shape: Shape,
    /// Effects on each target, in this order. All must help, or all must harm.
    #[schemars(length(min = 1, max = 6))]
    pub effects: Vec<Effect>,
    /// Cost in the class's resource.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub cost: u16,
    /// Cast time in milliseconds; 0 is instant.
    #[serde(default)]
    #[schemars(range(min = 0, max = 30_000))]
    pub cast_ms: u32,
    /// Whether the user can walk while casting; otherwise walking interrupts the cast.
    #[serde(default)]
    pub cast_while_moving: bool,
    /// Cooldown in milliseconds.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3_600_000))]
    pub cooldown_ms: u32,
    /// Whether it ignores the global cooldown, and does not start it.
    #[serde(default)]
    pub off_global_cooldown: bool,
    /// Threat of its damage and healing, in thousandths.
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

/// Which targets an ability reaches.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// The user.
    Own,
    /// All targets in a cone in front of the user.
    Cone {
        /// Distance in tiles.
        range_tiles: Tiles,
        /// Width in degrees; 360 is a full circle.
        #[schemars(range(min = 1, max = 360))]
        width_degrees: u16,
    },
    /// One enemy in sight.
    Enemy {
        /// Distance in tiles.
        range_tiles: Tiles,
    },
    /// One ally in sight, or the user.
    Ally {
        /// Distance in tiles.
        range_tiles: Tiles,
    },
    /// A projectile that flies until it hits an enemy, a wall or the end of its range.
    Projectile {
        /// Distance in tiles.
        range_tiles: Tiles,
        /// Speed in tiles per second.
        #[schemars(range(min = 1, max = 60))]
        speed_tiles_per_s: Tiles,
        /// Radius in tiles.
        #[serde(default)]
        #[schemars(range(min = 0, max = 2))]
        radius_tiles: Tiles,
        /// Radius in tiles of the area around its end that is reached too; 0 is only the enemy that it hits.
        #[serde(default)]
        #[schemars(range(min = 0, max = 10))]
        burst_tiles: Tiles,
    },
    /// All targets around a point on the ground in sight.
    Ground {
        /// Range to the point in tiles.
        range_tiles: Tiles,
        /// Radius of the area in tiles.
        #[schemars(range(min = 0, max = 16))]
        radius_tiles: Tiles,
        /// Duration in milliseconds; 0 takes effect once.
        #[serde(default)]
        #[schemars(range(min = 0, max = 120_000))]
        lasts_ms: u32,
        /// Interval between effects on the targets inside, in milliseconds.
        #[serde(default = "a_second")]
        #[schemars(range(min = 100, max = 60_000))]
        period_ms: u32,
    },
}

fn a_second() -> u32 {
    1_000
}

/// What an ability does to a target.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Damage.
    Damage {
        /// Base amount, without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// Share of the user's power that is added, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
    },
    /// Healing.
    Heal {
        /// Base amount, without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// Share of the user's power that is added, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
    },
    /// Damage at regular intervals.
    DamageOverTime {
        /// Base amount per interval, without power.
        #[schemars(range(min = 0, max = 20_000))]
        amount: u32,
        /// Share of the user's power that is added per interval, in thousandths.
        #[serde(default)]
        #[schemars(range(min = 0, max = 20_000))]
        power_per_mille: u32,
        /// Interval in milliseconds.
        #[schemars(range(min = 100, max = 60_000))]
        period_ms: u32,
        /// Duration in milliseconds.
        #[schemars(range(min = 100, max = 600_000))]
        lasts_ms: u32,
    },
    /// Gives bonuses for a limited time.
    Buff {
        /// The bonuses.
        bonuses: Bonuses,
        /// Duration in milliseconds.
        #[schemars(range(min = 100, max = 3_600_000))]
        lasts_ms: u32,
    },
    /// Roots the target: it cannot walk.
    Root {
        /// Duration in milliseconds.
        #[schemars(range(min = 100, max = 60_000))]
        lasts_ms: u32,
    },
    /// Pushes the target away from the user.
    Knockback {
        /// Distance in tiles.
        #[schemars(range(min = 0, max = 20))]
        distance_tiles: Tiles,
        /// Duration of the push in milliseconds.
        #[schemars(range(min = 50, max = 5_000))]
        lasts_ms: u32,
    },
    /// Summons mobs that fight for the user.
    Summon {
        /// Id of the mob.
        mob: Ref<MobIndex>,
        /// Number of mobs per use.
        #[schemars(range(min = 1, max = 10))]
        count: u16,
        /// Maximum number of the user's summoned mobs that live at the same time.
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
