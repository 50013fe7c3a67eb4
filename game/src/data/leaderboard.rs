//! `leaderboards.toml`: the boards that the world feeds. The sidecar reads it; the game only checks it with the other data.

use schemars::JsonSchema;
use serde::Deserialize;

/// A board, under its slug.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaderboard {
    /// Its name for people.
    #[schemars(length(min = 1, max = 255))]
    pub title: String,
    /// What it is about, for people.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    pub description: String,
    /// What feeds it.
    pub event: BoardEvent,
    /// What each event does to the score that is there.
    #[serde(default)]
    pub operator: BoardOperator,
    /// Which scores are better.
    #[serde(default)]
    pub sort_order: BoardOrder,
    /// When a season ends and the next begins, as cron has it, in UTC: `0 0 * * 1` is Monday at midnight. One season for ever if
    /// there is none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub season: Option<String>,
}

/// What feeds a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardEvent {
    /// The kills that a character had a part in.
    Kills,
    /// The level of a character.
    Level,
    /// The gold that a character has.
    Gold,
}

/// What a score does to the one that is there. The first is taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardOperator {
    /// It takes its place.
    Set,
    /// The better one stays.
    #[default]
    Best,
    /// It is added.
    Incr,
    /// It is taken away.
    Decr,
}

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardOrder {
    /// Higher ones.
    #[default]
    Desc,
    /// Lower ones.
    Asc,
}
