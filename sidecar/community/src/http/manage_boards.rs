//! `/admin/leaderboards`: boards that administrators make and end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::{Admin, Data, Done, Fields, Input, PathId, Refusal, Refused};
use crate::leaderboards::Wanted;
use crate::leaderboards::shapes::LeaderboardRow;
use crate::state::Community;
use crate::store::{Board, BoardChange, Operator, SortOrder};
use crate::time::from_iso;

/// The fields of a new leaderboard.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct NewLeaderboard {
    /// The name that all seasons share.
    #[schema(pattern = "^[a-z0-9_]+$", min_length = 1, max_length = 100, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LEADERBOARD_SLUG"}))))]
    slug: String,
    /// The title.
    #[schema(min_length = 1, max_length = 255, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LEADERBOARD_TITLE"}))))]
    title: String,
    /// The description.
    #[schema(max_length = 1000, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LEADERBOARD_DESCRIPTION"}))))]
    description: Option<String>,
    /// Which scores are better; `desc` by default.
    sort_order: Option<SortOrder>,
    /// How a new score changes the stored one; `best` by default.
    operator: Option<Operator>,
    /// The start, ISO 8601.
    starts_at: Option<String>,
    /// The end, ISO 8601.
    ends_at: Option<String>,
    /// Custom data: a JSON object.
    metadata: Option<Map<String, Value>>,
}

/// The fields of a leaderboard to change. Missing fields stay as they are.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct LeaderboardEdit {
    /// The title.
    #[schema(min_length = 1, max_length = 255, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LEADERBOARD_TITLE"}))))]
    title: Option<String>,
    /// The description.
    #[schema(max_length = 1000, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LEADERBOARD_DESCRIPTION"}))))]
    description: Option<String>,
    /// The start, ISO 8601; null for none.
    starts_at: Option<String>,
    /// The end, ISO 8601; null for none.
    ends_at: Option<String>,
    /// Custom data: a JSON object that replaces the stored one.
    metadata: Option<Map<String, Value>>,
}

/// The fields of a call, and what is wrong with those that cannot be read.
pub(super) struct Reading<'a> {
    input: &'a Input,
    pub(super) faults: Fields,
}

impl<'a> Reading<'a> {
    pub(super) fn of(input: &'a Input) -> Self {
        Self { input, faults: Fields::new() }
    }

    /// A value that `read` understands; `None` where there is none, or where it is no good, which is noted.
    fn field<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let found = read(self.input.value(name)?);
        if found.is_none() {
            self.faults.insert(name, vec!["is invalid".into()]);
        }
        found
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.field(name, |value| value.as_str().map(str::to_owned))
    }

    fn time(&mut self, name: &'static str) -> Option<u64> {
        self.field(name, |value| value.as_str().and_then(from_iso))
    }

    /// A time that null takes away.
    fn time_or_none(&mut self, name: &'static str) -> Option<Option<u64>> {
        match self.input.given(name)? {
            Value::Null => Some(None),
            _ => self.time(name).map(Some),
        }
    }

    fn word<T: std::str::FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.field(name, |value| value.as_str().and_then(|word| word.parse().ok()))
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        self.field(name, |value| value.as_object().cloned())
    }

    /// Refuses if anything was wrong.
    pub(super) fn done(self) -> Result<(), Refusal> {
        if self.faults.is_empty() { Ok(()) } else { Err(Refusal::validation_failed(&self.faults)) }
    }
}

pub(super) fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

/// The board that a path names.
pub(super) async fn named(community: &Community, id: &str) -> Result<Board, Refusal> {
    community.boards.look_up(id).await?.ok_or_else(not_found)
}

/// Create a leaderboard, or the next season of a slug. Slug, order and operator cannot be changed later.
#[utoipa::path(
    post, path = "/admin/leaderboards", operation_id = "admin_create_leaderboard", tag = "Admin Leaderboards",
    security(("access_token" = [])), request_body = NewLeaderboard,
    responses(
        (status = 200, body = Data<LeaderboardRow>),
        (status = 403, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_create_leaderboard(
    State(community): State<Community>,
    Admin(caller): Admin,
    input: Input,
) -> Result<Json<Data<LeaderboardRow>>, Refusal> {
    let mut reading = Reading::of(&input);
    let wanted = Wanted {
        slug: reading.text("slug").unwrap_or_default(),
        title: reading.text("title").unwrap_or_default(),
        description: reading.text("description").unwrap_or_default(),
        order: reading.word("sort_order").unwrap_or(SortOrder::Desc),
        operator: reading.word("operator").unwrap_or(Operator::Best),
        starts_at_ms: reading.time("starts_at"),
        ends_at_ms: reading.time("ends_at"),
        metadata: reading.object("metadata").unwrap_or_default(),
    };
    reading.done()?;
    let board = community.boards.create(&wanted).await?;
    tracing::info!(admin = %caller.account, board = %board.id, slug = board.slug, "administrator created leaderboard");
    Ok(Json(Data { data: board.into() }))
}

/// Change a leaderboard.
#[utoipa::path(
    patch, path = "/admin/leaderboards/{id}", operation_id = "admin_update_leaderboard", tag = "Admin Leaderboards",
    security(("access_token" = [])),
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    request_body = Option<LeaderboardEdit>,
    responses(
        (status = 200, body = Data<LeaderboardRow>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_update_leaderboard(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
    input: Input,
) -> Result<Json<Data<LeaderboardRow>>, Refusal> {
    let board = named(&community, &id.0).await?;
    let mut reading = Reading::of(&input);
    let change = BoardChange {
        title: reading.text("title"),
        description: reading.text("description"),
        starts_at_ms: reading.time_or_none("starts_at"),
        ends_at_ms: reading.time_or_none("ends_at"),
        metadata: reading.object("metadata"),
    };
    reading.done()?;
    let board = community.boards.change(board.id, change).await?.ok_or_else(not_found)?;
    tracing::info!(admin = %caller.account, board = %board.id, "administrator changed leaderboard");
    Ok(Json(Data { data: board.into() }))
}

/// End a leaderboard now. It takes no further scores.
#[utoipa::path(
    post, path = "/admin/leaderboards/{id}/end", operation_id = "admin_end_leaderboard", tag = "Admin Leaderboards",
    security(("access_token" = [])),
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    responses(
        (status = 200, body = Data<LeaderboardRow>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
    ),
)]
pub(super) async fn admin_end_leaderboard(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
) -> Result<Json<Data<LeaderboardRow>>, Refusal> {
    let board = named(&community, &id.0).await?;
    let board = community.boards.end(&board).await?.ok_or_else(not_found)?;
    tracing::info!(admin = %caller.account, board = %board.id, "administrator ended leaderboard");
    Ok(Json(Data { data: board.into() }))
}

/// Delete a leaderboard with its records.
#[utoipa::path(
    delete, path = "/admin/leaderboards/{id}", operation_id = "admin_delete_leaderboard", tag = "Admin Leaderboards",
    security(("access_token" = [])),
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_delete_leaderboard(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    let board = named(&community, &id.0).await?;
    if !community.boards.store.delete(board.id, community.boards.clock.now_ms()).await? {
        return Err(not_found());
    }
    tracing::info!(admin = %caller.account, board = %board.id, "administrator deleted leaderboard");
    Ok(Json(Done {}))
}
