//! Boards and records as clients see them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::Meta;
use crate::store::{Board, Operator, Owner, RecordRow, SortOrder};
use crate::time::iso;

/// A board as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LeaderboardRow {
    /// The board's id.
    id: String,
    /// What all its seasons are known by.
    slug: String,
    /// Its name.
    title: String,
    /// What it is about; empty for nothing.
    description: String,
    /// Which scores are better.
    sort_order: SortOrder,
    /// What a score does to the one that is there.
    operator: Operator,
    /// When it begins, ISO 8601.
    starts_at: Option<String>,
    /// When it ends, ISO 8601.
    ends_at: Option<String>,
    /// What programs keep with it.
    metadata: Map<String, Value>,
    /// When it was made, ISO 8601.
    inserted_at: String,
    /// When it was changed last, ISO 8601.
    updated_at: String,
}

/// A board.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Leaderboard {
    #[serde(flatten)]
    row: LeaderboardRow,
    /// Whether its end is yet to come.
    is_active: bool,
}

/// A record, with its rank.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Record {
    /// From 1; no two have the same.
    rank: i64,
    /// The user; empty for a label.
    user_id: String,
    /// The user's name; empty for a label.
    username: String,
    /// What the user is called, or the label.
    display_name: String,
    /// The score.
    score: i64,
    /// What programs keep with it.
    metadata: Map<String, Value>,
    /// When a score came last, ISO 8601.
    updated_at: String,
}

/// A record as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecordDetails {
    /// The record's id.
    id: String,
    /// The board.
    leaderboard_id: String,
    /// The user, or none.
    user_id: Option<String>,
    /// The label, or none.
    label: Option<String>,
    /// The score.
    score: i64,
    /// Always null here: ranks are read from the board.
    rank: Option<i64>,
    /// What programs keep with it.
    metadata: Map<String, Value>,
    /// When the first score came, ISO 8601.
    inserted_at: String,
    /// When a score came last, ISO 8601.
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
    /// Where they stand.
    pub meta: Meta,
    /// What to give as `cursor` for the records after these; empty at the end.
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
