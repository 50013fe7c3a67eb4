//! Boards: how they are found, made, changed and ended.

use axum::http::StatusCode;
use realmgate_platform::clock::Clock;
use realmgate_platform::database::SqlStore;
use realmgate_platform::redis_client::RedisClient;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::declared::DeclaredBoards;
use super::index::RankIndex;
use super::seasons::Seasons;
use crate::accounts::rules;
use crate::http::{Fields, Refusal};
use crate::store::{Board, BoardChange, BoardStore, NewBoard, Operator, SortOrder};

/// Most characters of a slug, a title, a description.
const SLUG: usize = 100;
const TITLE: usize = 255;
const DESCRIPTION: usize = 1_000;

/// Boards and their records.
pub struct Leaderboards {
    pub(crate) store: BoardStore,
    pub(super) index: Option<RankIndex>,
    pub(super) seasons: Seasons,
    pub(crate) clock: Clock,
}

/// A board that an administrator wants to make.
#[derive(Debug)]
pub struct Wanted {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) order: SortOrder,
    pub(crate) operator: Operator,
    pub(crate) starts_at_ms: Option<u64>,
    pub(crate) ends_at_ms: Option<u64>,
    pub(crate) metadata: Map<String, Value>,
}

impl Leaderboards {
    /// The boards of a database, with their ranks in Redis too if there is one.
    pub fn new(sql: SqlStore, redis: Option<RedisClient>, declared: DeclaredBoards, clock: Clock) -> Self {
        let store = BoardStore::new(sql, redis.is_some());
        let index = redis.map(|redis| RankIndex::new(redis, store.clone(), clock.clone()));
        Self { store, index, seasons: Seasons::of(declared), clock }
    }

    /// The board with this id, or the active season of this slug.
    ///
    /// # Errors
    /// 404 as users are told it.
    pub async fn find(&self, id_or_slug: &str) -> Result<Board, Refusal> {
        let refuse = || Refusal::error(StatusCode::NOT_FOUND, "Leaderboard not found");
        self.look_up(id_or_slug).await?.ok_or_else(refuse)
    }

    /// As [`Leaderboards::find`]; `None` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn look_up(&self, id_or_slug: &str) -> sqlx::Result<Option<Board>> {
        match Uuid::try_parse(id_or_slug) {
            Ok(id) => self.store.find(id).await,
            Err(_) if is_slug(id_or_slug) => self.store.active(id_or_slug, self.clock.now_ms()).await,
            Err(_) => Ok(None),
        }
    }

    /// Makes a board.
    ///
    /// # Errors
    /// 422 for what is not legal.
    pub async fn create(&self, wanted: &Wanted) -> Result<Board, Refusal> {
        let mut fields = Fields::new();
        if !is_slug(&wanted.slug) {
            let fault = match wanted.slug.chars().count() {
                0 => "can't be blank",
                length if length > SLUG => "should be at most 100 character(s)",
                _ => "has invalid format",
            };
            fields.insert("slug", vec![fault]);
        }
        let new = NewBoard {
            slug: &wanted.slug,
            title: &wanted.title,
            description: &wanted.description,
            order: wanted.order,
            operator: wanted.operator,
            starts_at_ms: wanted.starts_at_ms,
            ends_at_ms: wanted.ends_at_ms,
            metadata: &wanted.metadata,
            season: None,
        };
        let (title, description) = (new.title, new.description);
        complain(&mut fields, title, description, &wanted.metadata, (new.starts_at_ms, new.ends_at_ms));
        if !fields.is_empty() {
            return Err(Refusal::validation_failed(&fields));
        }
        let made = self.store.create(&new, self.clock.now_ms()).await?;
        made.ok_or_else(|| Refusal::detail(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// Changes a board; `None` if there is none.
    ///
    /// # Errors
    /// 422 for what is not legal.
    pub async fn change(&self, id: Uuid, change: BoardChange) -> Result<Option<Board>, Refusal> {
        let legal = |board: &Board| {
            let mut fields = Fields::new();
            let times = (board.starts_at_ms, board.ends_at_ms);
            complain(&mut fields, &board.title, &board.description, &board.metadata, times);
            if fields.is_empty() { Ok(()) } else { Err(fields) }
        };
        match self.store.change(id, change, legal, self.clock.now_ms()).await? {
            None => Ok(None),
            Some(Ok(board)) => Ok(Some(board)),
            Some(Err(fields)) => Err(Refusal::validation_failed(&fields)),
        }
    }

    /// Ends a board now; `None` if there is none. One that has ended keeps its end.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn end(&self, board: &Board) -> Result<Option<Board>, Refusal> {
        let now_ms = self.clock.now_ms();
        if !board.is_active(now_ms) {
            return Ok(Some(board.clone()));
        }
        // Not after its end, wherever it was to begin.
        let starts_at_ms = board.starts_at_ms.map(|starts| Some(starts.min(now_ms)));
        let change = BoardChange { starts_at_ms, ends_at_ms: Some(Some(now_ms)), ..BoardChange::default() };
        let accept = |_: &Board| Ok::<(), std::convert::Infallible>(());
        let changed = self.store.change(board.id, change, accept, now_ms).await?;
        Ok(changed.map(|Ok(board)| board))
    }
}

/// Whether a text may be a slug.
pub(super) fn is_slug(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=SLUG).contains(&text.len()) && text.bytes().all(legal)
}

/// Says what is wrong with a board's texts and times.
fn complain(
    fields: &mut Fields,
    title: &str,
    description: &str,
    metadata: &Map<String, Value>,
    (starts_at_ms, ends_at_ms): (Option<u64>, Option<u64>),
) {
    if title.trim().is_empty() {
        fields.insert("title", vec!["can't be blank"]);
    } else if title.chars().count() > TITLE {
        fields.insert("title", vec!["should be at most 255 character(s)"]);
    }
    if description.chars().count() > DESCRIPTION {
        fields.insert("description", vec!["should be at most 1000 character(s)"]);
    }
    if let Some(fault) = rules::metadata_fault(&Value::Object(metadata.clone())) {
        fields.insert("metadata", vec![fault]);
    }
    if starts_at_ms.zip(ends_at_ms).is_some_and(|(starts, ends)| ends <= starts) {
        fields.insert("ends_at", vec!["must be after starts_at"]);
    }
}
