//! Boards and records as clients see them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::Meta;
use crate::store::{Board, Operator, Owner, RecordRow, SortOrder};
use crate::time::iso;

/// A leaderboard as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LeaderboardRow {
    /// The leaderboard's id.
    id: String,
    /// The name that all seasons share.
    slug: String,
    /// The title.
    title: String,
    /// The description; empty for none.
    description: String,
    /// Which scores are better.
    sort_order: SortOrder,
    /// How a new score changes the stored one.
    operator: Operator,
    /// The start, ISO 8601; null for none.
    starts_at: Option<String>,
    /// The end, ISO 8601; null for none.
    ends_at: Option<String>,
    /// Custom data: a JSON object.
    metadata: Map<String, Value>,
    /// When it was created, ISO 8601.
    inserted_at: String,
    /// When it was last changed, ISO 8601.
    updated_at: String,
}

/// A leaderboard.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Leaderboard {
    #[serde(flatten)]
    row: LeaderboardRow,
    /// Whether it has not ended.
    is_active: bool,
}

/// A record with its rank.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Record {
    /// The rank, from 1; unique in the leaderboard.
    rank: i64,
    /// The user's id; empty for a label.
    user_id: String,
    /// The user's name; empty for a label.
    username: String,
    /// The user's display name, or the label.
    display_name: String,
    /// The score.
    score: i64,
    /// Custom data: a JSON object.
    metadata: Map<String, Value>,
    /// When a score was last submitted, ISO 8601.
    updated_at: String,
}

/// A record as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecordDetails {
    /// The record's id.
    id: String,
    /// The leaderboard's id.
    leaderboard_id: String,
    /// The user's id; null for a label.
    user_id: Option<String>,
    /// The label; null for a user.
    label: Option<String>,
    /// The score.
    score: i64,
    /// Always null: read ranks from the leaderboard.
    rank: Option<i64>,
    /// Custom data: a JSON object.
    metadata: Map<String, Value>,
    /// When the first score was submitted, ISO 8601.
    inserted_at: String,
    /// When a score was last submitted, ISO 8601.
    updated_at: String,
}

/// A record in an administrator's list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ManagedRecord {
    /// The record's id.
    id: String,
    #[serde(flatten)]
    record: Record,
}

/// A page of records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecordPage {
    /// The records, best first.
    pub data: Vec<Record>,
    /// Page number and counts.
    pub meta: Meta,
    /// The `cursor` of the next page; empty on the last one.
    pub next_cursor: String,
}

impl From<Board> for LeaderboardRow {
    fn from(board: Board) -> Self {
        Self {
            id: board.id.to_string(),
            slug: board.slug,
            title: board.title,
            description: board.description,
            sort_order: board.order,
            operator: board.operator,
            starts_at: board.starts_at_ms.map(iso),
            ends_at: board.ends_at_ms.map(iso),
            metadata: board.metadata,
            inserted_at: iso(board.created_at_ms),
            updated_at: iso(board.updated_at_ms),
        }
    }
}

impl Leaderboard {
    /// A board as it is at a time.
    pub fn new(board: Board, now_ms: u64) -> Self {
        Self { is_active: board.is_active(now_ms), row: board.into() }
    }
}

impl Record {
    /// A record at a rank.
    pub fn new(row: RecordRow, rank: i64) -> Self {
        let (user_id, display_name) = match row.owner {
            Owner::User(account) => (account.to_string(), row.display_name),
            Owner::Label(label) => (String::new(), label),
        };
        Self {
            rank,
            user_id,
            username: row.username,
            display_name,
            score: row.score,
            metadata: row.metadata,
            updated_at: iso(row.updated_at_ms),
        }
    }

    /// Records that follow each other, from a rank on.
    pub fn ranked(rows: Vec<RecordRow>, first: i64) -> Vec<Self> {
        rows.into_iter().zip(first..).map(|(row, rank)| Self::new(row, rank)).collect()
    }
}

impl ManagedRecord {
    /// Records that follow each other, from a rank on.
    pub fn ranked(rows: Vec<RecordRow>, first: i64) -> Vec<Self> {
        let managed = |(row, rank): (RecordRow, i64)| Self { id: row.id.to_string(), record: Record::new(row, rank) };
        rows.into_iter().zip(first..).map(managed).collect()
    }
}

impl From<RecordRow> for RecordDetails {
    fn from(row: RecordRow) -> Self {
        let (user_id, label) = match row.owner {
            Owner::User(account) => (Some(account.to_string()), None),
            Owner::Label(label) => (None, Some(label)),
        };
        Self {
            id: row.id.to_string(),
            leaderboard_id: row.board.to_string(),
            user_id,
            label,
            score: row.score,
            rank: None,
            metadata: row.metadata,
            inserted_at: iso(row.created_at_ms),
            updated_at: iso(row.updated_at_ms),
        }
    }
}
