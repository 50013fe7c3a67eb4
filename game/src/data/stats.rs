//! What classes, mobs, items and abilities say about strength.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tiles::Tiles;

/// The strength of a class or a mob at level 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseStats {
    /// Maximum health.
    #[schemars(range(min = 1, max = 20_000))]
    pub health: u16,
    /// Maximum of the class's resource; mobs need none.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub resource: u16,
    /// Power, which damage and healing scale with.
    #[serde(default)]
    #[schemars(range(min = 0, max = 5_000))]
    pub power: u16,
    /// Armour, which reduces damage.
    #[serde(default)]
    #[schemars(range(min = 0, max = 5_000))]
    pub armour: u16,
    /// Walking speed in tiles per second.
    #[schemars(range(min = 0, max = 20))]
    pub speed_tiles_per_s: Tiles,
}

/// What each level above the first adds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PerLevel {
    /// Maximum health.
    #[schemars(range(min = 0, max = 500))]
    pub health: u16,
    /// Maximum of the class's resource.
    #[schemars(range(min = 0, max = 100))]
    pub resource: u16,
    /// Power.
    #[schemars(range(min = 0, max = 100))]
    pub power: u16,
    /// Armour.
    #[schemars(range(min = 0, max = 100))]
    pub armour: u16,
}

/// What a worn item, a buff or a boss phase adds to its owner; negative values subtract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bonuses {
    /// Maximum health.
    #[schemars(range(min = -10_000, max = 10_000))]
    pub health: i32,
    /// Maximum of the class's resource.
    #[schemars(range(min = -1_000, max = 1_000))]
    pub resource: i32,
    /// Power.
    #[schemars(range(min = -5_000, max = 5_000))]
    pub power: i32,
    /// Armour.
    #[schemars(range(min = -5_000, max = 5_000))]
    pub armour: i32,
    /// Walking speed, in thousandths of the base speed.
    #[schemars(range(min = -900, max = 2_000))]
    pub speed_per_mille: i32,
}

impl std::ops::AddAssign for Bonuses {
    fn add_assign(&mut self, other: Self) {
        self.health += other.health;
        self.resource += other.resource;
        self.power += other.power;
        self.armour += other.armour;
        self.speed_per_mille += other.speed_per_mille;
    }
}
