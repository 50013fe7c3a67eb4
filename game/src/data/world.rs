//! `world.toml`: the rules that belong to no class, mob or item.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tiles::Tiles;

/// The rules of the world.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The map on which new characters start.
    #[schemars(range(min = 1, max = 65_535))]
    pub start_map: u16,
    /// Bodies, sight and the connection of players.
    pub player: PlayerRules,
    /// How levels are reached.
    pub progress: ProgressRules,
    /// How damage is counted.
    pub combat: CombatRules,
    /// What a player can carry, pick up and trade.
    pub goods: GoodsRules,
    /// How often players may speak and ask.
    pub limits: LimitRules,
    /// How mobs find their way.
    pub minds: MindRules,
}

/// Bodies and the connection of players.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayerRules {
    /// The radius of a player's body.
    #[schemars(range(min = 0.25, max = 0.5))]
    pub radius_tiles: Tiles,
    /// How long a body stays when its connection is lost, in milliseconds.
    #[schemars(range(min = 0, max = 600_000))]
    pub linger_ms: u32,
    /// How long in combat, in milliseconds; also the longest that whoever logs out in a fight stays.
    #[schemars(range(min = 0, max = 600_000))]
    pub linger_combat_ms: u32,
    /// With how much health one returns from death, in thousandths.
    #[schemars(range(min = 1, max = 1_000))]
    pub respawn_health_per_mille: u32,
}

/// How levels are reached.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressRules {
    /// Experience in all that each level needs, from level 1: starts with 0 and rises.
    #[schemars(length(min = 1, max = 100))]
    pub levels: Vec<u64>,
    /// How near members of a party must be to what dies to have a share.
    pub party_share_tiles: Tiles,
    /// What each further member adds to the whole, in thousandths.
    #[schemars(range(min = 0, max = 1_000))]
    pub party_bonus_per_mille: u32,
}

impl ProgressRules {
    /// The level that so much experience reaches, from 1.
    pub fn level_at(&self, experience: u64) -> u16 {
        self.levels.partition_point(|needed| *needed <= experience).max(1) as u16
    }
}

/// How damage is counted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CombatRules {
    /// The armour that halves damage.
    #[schemars(range(min = 1, max = 10_000))]
    pub armour_half: u32,
    /// How far damage and healing stray to both sides, in thousandths.
    #[schemars(range(min = 0, max = 500))]
    pub spread_per_mille: u32,
    /// How long after the last blow one is in combat, in milliseconds.
    #[schemars(range(min = 0, max = 60_000))]
    pub combat_ms: u32,
    /// The pause between two abilities, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub global_cooldown_ms: u32,
    /// How much of healing counts as threat, in thousandths of the same damage.
    #[schemars(range(min = 0, max = 2_000))]
    pub heal_threat_per_mille: u32,
    /// By how much another must outdo the present enemy's threat to draw a mob away, in thousandths.
    #[schemars(range(min = 1_000, max = 3_000))]
    pub switch_threat_per_mille: u32,
    /// How long until a refused ability is refused aloud again to the same player, in milliseconds.
    #[schemars(range(min = 0, max = 10_000))]
    pub refusal_pause_ms: u32,
}

/// What a player can carry, pick up and trade.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodsRules {
    /// Slots of the bag.
    #[schemars(range(min = 1, max = 99))]
    pub bag_slots: u16,
    /// How near one must be to pick something up.
    pub pick_up_range_tiles: Tiles,
    /// How near two must be to trade.
    pub trade_range_tiles: Tiles,
    /// How near one must be to a vendor.
    pub vendor_range_tiles: Tiles,
    /// How long loot belongs to who earned it, in milliseconds.
    #[schemars(range(min = 0, max = 3_600_000))]
    pub loot_owner_ms: u32,
    /// How long loot lies, in milliseconds.
    #[schemars(range(min = 1_000, max = 3_600_000))]
    pub loot_lifetime_ms: u32,
    /// How far loot is scattered.
    pub loot_scatter_tiles: Tiles,
    /// How long a request to trade can be answered, in milliseconds.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub trade_request_ms: u32,
}

/// How often players may speak and ask: so many at once, and one more for each period.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRules {
    /// Requests at once.
    #[schemars(range(min = 1, max = 1_000))]
    pub request_burst: u32,
    /// The time that earns one more request, in milliseconds.
    #[schemars(range(min = 1, max = 60_000))]
    pub request_every_ms: u32,
    /// Chat lines and whispers at once.
    #[schemars(range(min = 1, max = 100))]
    pub chat_burst: u32,
    /// The time that earns one more line, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub chat_every_ms: u32,
    /// Requests to trade and invitations into a party at once.
    #[schemars(range(min = 1, max = 100))]
    pub invite_burst: u32,
    /// The time that earns one more, in milliseconds.
    #[schemars(range(min = 1, max = 600_000))]
    pub invite_every_ms: u32,
}

/// How mobs find their way, and how much of each tick that may cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MindRules {
    /// Searches for a way in one tick, for all mobs of a channel.
    #[schemars(range(min = 1, max = 1_000))]
    pub searches_per_tick: u32,
    /// Tiles that one search may look at.
    #[schemars(range(min = 16, max = 65_536))]
    pub search_tiles: u32,
    /// How often a way to a moving enemy is looked for again, in milliseconds.
    #[schemars(range(min = 50, max = 60_000))]
    pub search_again_ms: u32,
    /// How long a mob that finds no way keeps trying before it goes home, in milliseconds.
    #[schemars(range(min = 100, max = 60_000))]
    pub give_up_ms: u32,
    /// How often a mob at peace looks around, in milliseconds.
    #[schemars(range(min = 50, max = 60_000))]
    pub look_ms: u32,
    /// Mobs with no player this near sleep.
    pub wake_tiles: Tiles,
    /// Health that a mob regains in a second on its way home, in thousandths.
    #[schemars(range(min = 0, max = 1_000))]
    pub return_health_per_mille_per_s: u32,
}
