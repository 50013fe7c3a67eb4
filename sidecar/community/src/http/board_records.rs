//! `/leaderboards/{id}/records`: who stands where.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::boards::check_listed;
use super::{Anybody, Claimed, Data, Input, Page, PathId, PathPair, Refusal, Refused};
use crate::leaderboards::Cursor;
use crate::leaderboards::shapes::{Record, RecordPage};
use crate::state::Community;

/// Records around a user where the caller does not say.
const AROUND: i64 = 11;
/// Most of them.
const MOST_AROUND: i64 = 100;

/// List the records of a leaderboard, best first, by page or by cursor.
///
/// A cursor costs the same at any depth, and skips no record while ranks change.
#[utoipa::path(
    get, path = "/leaderboards/{id}/records", operation_id = "list_leaderboard_records", tag = "Leaderboards",
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page, instead of `page`"),
    ),
    responses((status = 200, body = RecordPage), (status = 400, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn list_leaderboard_records(
    State(community): State<Community>,
    _: Anybody,
    id: PathId,
    input: Input,
) -> Result<Json<RecordPage>, Refusal> {
    check_listed(&community)?;
    let (board, page) = (community.boards.find(&id.0).await?, Page::of(&input, &community.settings.limits));
    let (standing, page) = match input.text("cursor") {
        None => (community.boards.page(&board, page.offset() + 1, page.limit()).await?, page),
        Some(cursor) => {
            let cursor = Cursor::read(cursor).ok_or_else(Refusal::bad_request)?;
            let standing = community.boards.after(&board, &cursor, page.limit()).await?;
            let page = page.with(standing.first);
            (standing, page)
        }
    };
    let rows = standing.rows.len() as i64;
    let is_last = rows == 0 || standing.first + rows > standing.total;
    let next = standing.rows.last().filter(|_| !is_last).map(|row| Cursor(row.place.clone()).write());
    let meta = page.meta(standing.rows.len(), standing.total);
    let data = Record::ranked(standing.rows, standing.first);
    Ok(Json(RecordPage { data, meta, next_cursor: next.unwrap_or_default() }))
}

/// List the records around a user's record; none if the user has no record.
#[utoipa::path(
    get, path = "/leaderboards/{id}/records/around/{user_id}", operation_id = "list_records_around_user",
    tag = "Leaderboards",
    params(
        ("id" = String, Path, description = "The leaderboard's id, or a slug for its active season"),
        ("user_id" = String, Path, description = "The user's id"),
        ("limit" = Option<String>, Query, description = "Number of records, 1 to 100; 11 by default"),
    ),
    responses((status = 200, body = Data<Vec<Record>>), (status = 404, body = Refused)),
)]
pub(super) async fn list_records_around_user(
    State(community): State<Community>,
    _: Anybody,
    PathPair(id, user): PathPair,
    input: Input,
) -> Result<Json<Data<Vec<Record>>>, Refusal> {
    check_listed(&community)?;
    let board = community.boards.find(&id).await?;
    let Ok(user) = Uuid::try_parse(&user) else { return Ok(Json(Data { data: Vec::new() })) };
    let limit = input.number("limit").unwrap_or(AROUND).clamp(1, MOST_AROUND);
    Ok(Json(Data { data: community.boards.around(&board, user.into(), limit).await? }))
}

/// Read your own record.
#[utoipa::path(
    get, path = "/leaderboards/{id}/records/me", operation_id = "get_my_record", tag = "Leaderboards",
    security(("access_token" = [])),
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    responses((status = 200, body = Data<Record>), (status = 404, body = Refused)),
)]
pub(super) async fn get_my_record(
    State(community): State<Community>,
    claimed: Claimed,
    id: PathId,
) -> Result<Json<Data<Record>>, Refusal> {
    // Both at once: with Redis, two round trips one after the other instead of four.
    let record = community.boards.record_of(&id.0, claimed.account());
    let (admitted, record) = tokio::join!(claimed.admit(&community), record);
    admitted?;
    let none = || Refusal::error(StatusCode::NOT_FOUND, "No record found for this user");
    Ok(Json(Data { data: record?.ok_or_else(none)? }))
}
