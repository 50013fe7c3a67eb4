//! `leaderboards.toml`: the boards that the world feeds. The sidecar reads it; the game only checks it with the other data.

use schemars::JsonSchema;
use serde::Deserialize;

/// A leaderboard, by its slug.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaderboard {
    /// Display name.
    #[schemars(length(min = 1, max = 255))]
    pub title: String,
    /// Description for players.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    pub description: String,
    /// Event that adds scores.
    pub event: BoardEvent,
    /// How each event changes the existing score.
    #[serde(default)]
    pub operator: BoardOperator,
    /// Which scores are better.
    #[serde(default)]
    pub sort_order: BoardOrder,
    /// Cron schedule of the seasons, in UTC: `0 0 * * 1` is Monday at midnight. Without it, one season lasts forever.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub season: Option<String>,
}

/// Event that adds scores to a leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardEvent {
    /// Kills to which a character contributed.
    Kills,
    /// The level of a character.
    Level,
    /// The gold that a character has.
    Gold,
}

/// How a new score changes the existing one; the first score is taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardOperator {
    /// Replaces it.
    Set,
    /// Keeps the better one.
    #[default]
    Best,
    /// Adds to it.
    Incr,
    /// Subtracts from it.
    Decr,
}

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardOrder {
    /// Higher scores are better.
    #[default]
    Desc,
    /// Lower scores are better.
    Asc,
}
