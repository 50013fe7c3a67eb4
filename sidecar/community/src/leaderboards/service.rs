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
use crate::field_limits::{FieldLimits, LONGEST_SLUG, size};
use crate::http::{Fields, Refusal};
use crate::store::{Board, BoardChange, BoardStore, NewBoard, Operator, SortOrder};

/// Boards and their records.
pub struct Leaderboards {
    pub(crate) store: BoardStore,
    pub(super) index: Option<RankIndex>,
    pub(super) seasons: Seasons,
    pub(crate) clock: Clock,
    limits: FieldLimits,
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
    pub fn new(
        sql: SqlStore,
        redis: Option<RedisClient>,
        declared: DeclaredBoards,
        clock: Clock,
        limits: FieldLimits,
    ) -> Self {
        let store = BoardStore::new(sql, redis.is_some());
        let index = redis.map(|redis| RankIndex::new(redis, store.clone(), clock.clone()));
        Self { store, index, seasons: Seasons::of(declared), clock, limits }
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
            Err(_) if is_slug(id_or_slug, LONGEST_SLUG) => self.store.active(id_or_slug, self.clock.now_ms()).await,
            Err(_) => Ok(None),
        }
    }

    /// Makes a board.
    ///
    /// # Errors
    /// 422 for what is not legal.
    pub async fn create(&self, wanted: &Wanted) -> Result<Board, Refusal> {
        let mut fields = Fields::new();
        let longest = self.limits.max_leaderboard_slug;
        if !is_slug(&wanted.slug, longest) {
            let blank = wanted.slug.is_empty().then_some("can't be blank".into());
            let fault = blank.or_else(|| rules::length_fault(&wanted.slug, longest));
            fields.insert("slug", vec![fault.unwrap_or("has invalid format".into())]);
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
        self.complain(&mut fields, (Some(new.title), Some(new.description)), Some(new.metadata));
        complain_of_times(&mut fields, new.starts_at_ms, new.ends_at_ms);
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
        // What stays may be longer than it might be now.
        let mut given = Fields::new();
        let texts = (change.title.as_deref(), change.description.as_deref());
        self.complain(&mut given, texts, change.metadata.as_ref());
        let legal = |board: &Board| {
            let mut fields = given.clone();
            complain_of_times(&mut fields, board.starts_at_ms, board.ends_at_ms);
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

    /// Says what is wrong with those texts of a board that are given.
    fn complain(
        &self,
        fields: &mut Fields,
        (title, description): (Option<&str>, Option<&str>),
        metadata: Option<&Map<String, Value>>,
    ) {
        let limits = &self.limits;
        let blank = || title.filter(|title| title.trim().is_empty()).map(|_| "can't be blank".into());
        let long = |text: Option<&str>, most| text.and_then(|text| rules::length_fault(text, most));
        for (field, fault) in [
            (
                "title",
                blank().or_else(|| title.and_then(|title| rules::line_fault(title, limits.max_leaderboard_title))),
            ),
            ("description", long(description, limits.max_leaderboard_description)),
            ("metadata", metadata.and_then(|given| rules::metadata_fault(&Value::Object(given.clone()), limits))),
        ] {
            if let Some(fault) = fault {
                fields.insert(field, vec![fault]);
            }
        }
    }
}

/// Says what is wrong with a board's times.
fn complain_of_times(fields: &mut Fields, starts_at_ms: Option<u64>, ends_at_ms: Option<u64>) {
    if starts_at_ms.zip(ends_at_ms).is_some_and(|(starts, ends)| ends <= starts) {
        fields.insert("ends_at", vec!["must be after starts_at".into()]);
    }
}

/// Whether a text of so many characters may be a slug.
pub(super) fn is_slug(text: &str, longest: u32) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=size(longest)).contains(&text.len()) && text.bytes().all(legal)
}
