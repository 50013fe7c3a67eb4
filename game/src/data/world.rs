//! `world.toml`: the rules that belong to no class, mob or item.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tiles::Tiles;

/// The rules of the world.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Number of the map on which new characters start.
    #[schemars(range(min = 1, max = 65_535))]
    pub start_map: u16,
    /// Bodies, sight and the connection of players.
    pub player: PlayerRules,
    /// How levels are reached.
    pub progress: ProgressRules,
    /// How damage is calculated.
    pub combat: CombatRules,
    /// What a player can carry, pick up and trade.
    pub goods: GoodsRules,
    /// Rate limits of players.
    pub limits: LimitRules,
    /// Pathfinding of mobs.
    pub minds: MindRules,
}

/// Bodies and the connection of players.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayerRules {
    /// The radius of a player's body.
    #[schemars(range(min = 0.25, max = 0.5))]
    pub radius_tiles: Tiles,
    /// How long a body stays after its connection is lost, in milliseconds.
    #[schemars(range(min = 0, max = 600_000))]
    pub linger_ms: u32,
    /// The same in combat, in milliseconds; also the maximum time that a player who logs out in combat stays.
    #[schemars(range(min = 0, max = 600_000))]
    pub linger_combat_ms: u32,
    /// Health after a respawn, in thousandths.
    #[schemars(range(min = 1, max = 1_000))]
    pub respawn_health_per_mille: u32,
}

/// How levels are reached.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressRules {
    /// Total experience that each level needs, from level 1: starts with 0 and rises.
    #[schemars(length(min = 1, max = 100))]
    pub levels: Vec<u64>,
    /// Range in tiles to a dead mob within which party members get a share.
    pub party_share_tiles: Tiles,
    /// Bonus to the total per additional party member, in thousandths.
    #[schemars(range(min = 0, max = 1_000))]
    pub party_bonus_per_mille: u32,
}

impl ProgressRules {
    /// The level that so much experience reaches, from 1.
    pub fn level_at(&self, experience: u64) -> u16 {
        self.levels.partition_point(|needed| *needed <= experience).max(1) as u16
    }
}

/// How damage is calculated.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CombatRules {
    /// Armour that halves damage.
    #[schemars(range(min = 1, max = 10_000))]
    pub armour_half: u32,
    /// Random variance of damage and healing in both directions, in thousandths.
    #[schemars(range(min = 0, max = 500))]
    pub spread_per_mille: u32,
    /// Time after the last hit until combat ends, in milliseconds.
    #[schemars(range(min = 0, max = 60_000))]
    pub combat_ms: u32,
    /// Global cooldown between two abilities, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub global_cooldown_ms: u32,
    /// Threat of healing, in thousandths of the threat of the same damage.
    #[schemars(range(min = 0, max = 2_000))]
    pub heal_threat_per_mille: u32,
    /// Threat that another enemy must exceed to become a mob's target, in thousandths of the current enemy's threat.
    #[schemars(range(min = 1_000, max = 3_000))]
    pub switch_threat_per_mille: u32,
    /// Minimum time between two refusals of abilities to the same player, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub refusal_pause_ms: u32,
}

/// What a player can carry, pick up and trade.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodsRules {
    /// Slots of the bag.
    #[schemars(range(min = 1, max = 99))]
    pub bag_slots: u16,
    /// Range in tiles to pick something up.
    pub pick_up_range_tiles: Tiles,
    /// Range in tiles between two players who trade.
    pub trade_range_tiles: Tiles,
    /// Range in tiles to a vendor.
    pub vendor_range_tiles: Tiles,
    /// How long loot is reserved for its owner, in milliseconds.
    #[schemars(range(min = 0, max = 3_600_000))]
    pub loot_owner_ms: u32,
    /// How long loot stays on the ground, in milliseconds.
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub loot_lifetime_ms: u32,
    /// Radius in tiles in which loot is scattered.
    pub loot_scatter_tiles: Tiles,
    /// Lifetime of a trade request, in milliseconds.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub trade_request_ms: u32,
}

/// Rate limits of players: a burst, and one more per period.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRules {
    /// Burst of requests.
    #[schemars(range(min = 1, max = 1_000))]
    pub request_burst: u32,
    /// Time until one more request is allowed, in milliseconds.
    #[schemars(range(min = 1, max = 60_000))]
    pub request_every_ms: u32,
    /// Burst of chat lines and whispers.
    #[schemars(range(min = 1, max = 100))]
    pub chat_burst: u32,
    /// Time until one more line is allowed, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub chat_every_ms: u32,
    /// Burst of trade requests and party invitations.
    #[schemars(range(min = 1, max = 100))]
    pub invite_burst: u32,
    /// Time until one more is allowed, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub invite_every_ms: u32,
}

/// Pathfinding of mobs, and its limit per tick.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MindRules {
    /// Maximum number of path searches per tick, for all mobs of a channel.
    #[schemars(range(min = 1, max = 1_000))]
    pub searches_per_tick: u32,
    /// Maximum number of tiles that one search visits.
    #[schemars(range(min = 16, max = 65_536))]
    pub search_tiles: u32,
    /// Interval between path searches to a moving enemy, in milliseconds.
    #[schemars(range(min = 50, max = 60_000))]
    pub search_again_ms: u32,
    /// How long a mob without a path keeps trying before it goes home, in milliseconds.
    #[schemars(range(min = 100, max = 60_000))]
    pub give_up_ms: u32,
    /// Interval at which a mob out of combat looks for enemies, in milliseconds.
    #[schemars(range(min = 50, max = 60_000))]
    pub look_ms: u32,
    /// Distance in tiles to a player within which mobs wake.
    pub wake_tiles: Tiles,
    /// Health that a mob regains per second on its way home, in thousandths.
    #[schemars(range(min = 0, max = 1_000))]
    pub return_health_per_mille_per_s: u32,
}
