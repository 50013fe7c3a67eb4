//! `/admin/leaderboards/{id}/records`: scores, which only administrators and the server itself submit.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::manage_boards::{Reading, named, not_found};
use super::{Admin, Data, Done, Input, Listed, Page, PathId, PathPair, Refusal, Refused};
use crate::accounts::rules;
use crate::field_limits::FieldLimits;
use crate::leaderboards::shapes::{ManagedRecord, RecordDetails};
use crate::state::Community;
use crate::store::{Owner, is_score};

/// Most characters of a label.
const LABEL: u32 = 80;

/// A score.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct Score {
    /// An integer from -(2^53 - 1) to 2^53 - 1, as a number or as text.
    score: i64,
    /// Account id of the record's user, or give `label`.
    user_id: Option<String>,
    /// A name for a record without a user.
    #[schema(max_length = 80)]
    label: Option<String>,
    /// Custom data: a JSON object.
    metadata: Option<Map<String, Value>>,
}

/// The fields of a record to change. Missing fields stay as they are.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct RecordEdit {
    /// An integer, as a number or as text.
    score: Option<i64>,
    /// Custom data: a JSON object that replaces the stored one.
    metadata: Option<Map<String, Value>>,
}

impl Reading<'_> {
    /// The score, if there is one.
    fn score(&mut self, input: &Input) -> Option<i64> {
        let score = match input.value("score")? {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        let score = score.filter(|score| is_score(*score));
        if score.is_none() {
            self.faults.insert("score", vec!["is invalid".into()]);
        }
        score
    }

    /// The metadata, if there is any.
    fn metadata(&mut self, limits: &FieldLimits) -> Option<Map<String, Value>> {
        let metadata = self.object("metadata")?;
        if let Some(fault) = rules::metadata_fault(&Value::Object(metadata.clone()), limits) {
            self.faults.insert("metadata", vec![fault]);
        }
        Some(metadata)
    }

    /// Whose score it is: a user's or a label's, not both.
    fn owner(&mut self, input: &Input) -> Option<Owner> {
        let text = |name| input.text(name).filter(|text| !text.trim().is_empty());
        let (user, label) = (text("user_id"), text("label"));
        let fault = match (user, label) {
            (Some(user), None) => match Uuid::try_parse(user) {
                Ok(user) => return Some(Owner::User(user.into())),
                Err(_) => ("user_id", "does not exist".into()),
            },
            (None, Some(label)) => match rules::line_fault(label, LABEL) {
                None => return Some(Owner::Label(label.to_owned())),
                Some(fault) => ("label", fault),
            },
            (None, None) => ("user_id", "can't be blank".into()),
            (Some(_), Some(_)) => ("label", "must be blank with user_id".into()),
        };
        self.faults.insert(fault.0, vec![fault.1]);
        None
    }
}

/// List the records of a leaderboard with their ids, best first.
#[utoipa::path(
    get, path = "/admin/leaderboards/{id}/records", operation_id = "admin_list_leaderboard_records",
    tag = "Admin Leaderboards", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<ManagedRecord>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_list_leaderboard_records(
    State(community): State<Community>,
    _: Admin,
    id: PathId,
    input: Input,
) -> Result<Json<Listed<ManagedRecord>>, Refusal> {
    let (board, page) = (named(&community, &id.0).await?, Page::of(&input, &community.settings.limits));
    let standing = community.boards.page(&board, page.offset() + 1, page.limit()).await?;
    Ok(Json(page.list(ManagedRecord::ranked(standing.rows, standing.first), standing.total)))
}

/// Submit a score. The leaderboard's operator applies.
#[utoipa::path(
    post, path = "/admin/leaderboards/{id}/records", operation_id = "admin_submit_leaderboard_score",
    tag = "Admin Leaderboards", security(("access_token" = [])),
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    request_body = Score,
    responses(
        (status = 200, body = Data<RecordDetails>),
        (status = 400, body = Refused),
        (status = 403, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_submit_leaderboard_score(
    State(community): State<Community>,
    _: Admin,
    id: PathId,
    input: Input,
) -> Result<Json<Data<RecordDetails>>, Refusal> {
    if !input.has("score") {
        return Err(Refusal::bad_request());
    }
    let none = || Refusal::error(StatusCode::BAD_REQUEST, "leaderboard_not_found");
    let board = community.boards.look_up(&id.0).await?.ok_or_else(none)?;
    let mut reading = Reading::of(&input);
    let (score, owner) = (reading.score(&input), reading.owner(&input));
    let metadata = reading.metadata(&community.settings.limits).unwrap_or_default();
    reading.done()?;
    let (Some(score), Some(owner)) = (score, owner) else { return Err(Refusal::bad_request()) };
    let record = community.boards.submit(board.id, &owner, score, &metadata).await?;
    Ok(Json(Data { data: record.into() }))
}

/// Change a record. A score replaces the stored one, whatever the leaderboard's operator is.
#[utoipa::path(
    patch, path = "/admin/leaderboards/{id}/records/{record_id}", operation_id = "admin_update_leaderboard_record",
    tag = "Admin Leaderboards", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("record_id" = String, Path, description = "The record's id"),
    ),
    request_body = Option<RecordEdit>,
    responses(
        (status = 200, body = Data<RecordDetails>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_update_leaderboard_record(
    State(community): State<Community>,
    Admin(caller): Admin,
    PathPair(id, record): PathPair,
    input: Input,
) -> Result<Json<Data<RecordDetails>>, Refusal> {
    let (board, id) = (named(&community, &id).await?, Uuid::try_parse(&record).map_err(|_| not_found())?);
    let mut reading = Reading::of(&input);
    let (score, metadata) = (reading.score(&input), reading.metadata(&community.settings.limits));
    reading.done()?;
    let record = community.boards.edit_record(board.id, id, score, metadata).await?.ok_or_else(not_found)?;
    tracing::info!(admin = %caller.account, board = %board.id, record = %id, "administrator changed record");
    Ok(Json(Data { data: record.into() }))
}

/// Delete a record.
#[utoipa::path(
    delete, path = "/admin/leaderboards/{id}/records/{record_id}", operation_id = "admin_delete_leaderboard_record",
    tag = "Admin Leaderboards", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("record_id" = String, Path, description = "The record's id"),
    ),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_delete_leaderboard_record(
    State(community): State<Community>,
    Admin(caller): Admin,
    PathPair(id, record): PathPair,
) -> Result<Json<Done>, Refusal> {
    let (board, id) = (named(&community, &id).await?, Uuid::try_parse(&record).map_err(|_| not_found())?);
    if !community.boards.remove_record(board.id, id).await? {
        return Err(not_found());
    }
    tracing::info!(admin = %caller.account, board = %board.id, record = %id, "administrator deleted record");
    Ok(Json(Done {}))
}

/// Delete a user's record, if there is one.
#[utoipa::path(
    delete, path = "/admin/leaderboards/{id}/records/user/{user_id}",
    operation_id = "admin_delete_leaderboard_user_record", tag = "Admin Leaderboards", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("user_id" = String, Path, description = "The user's id"),
    ),
    responses((status = 200, body = Done), (status = 403, body = Refused)),
)]
pub(super) async fn admin_delete_leaderboard_user_record(
    State(community): State<Community>,
    Admin(caller): Admin,
    PathPair(id, user): PathPair,
) -> Result<Json<Done>, Refusal> {
    let Some(board) = community.boards.look_up(&id).await? else { return Ok(Json(Done {})) };
    if let Ok(user) = Uuid::try_parse(&user)
        && let Some(record) = community.boards.store.record_of(board.id, &Owner::User(user.into())).await?
    {
        community.boards.remove_record(board.id, record.id).await?;
        let admin = caller.account;
        tracing::info!(%admin, board = %board.id, record = %record.id, "administrator deleted record");
    }
    Ok(Json(Done {}))
}
