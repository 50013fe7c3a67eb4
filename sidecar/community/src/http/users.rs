//! `/users`: how others are found.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Anybody, Input, Listed, Page, PathId, Refusal, Refused};
use crate::accounts::shapes::Public;
use crate::field_limits::{FieldLimits, size};
use crate::state::Community;

/// Characters that a search has at least: one letter finds a tenth of all users.
const SHORTEST_SEARCH: usize = 2;

/// Find users by the beginning of a name or by id; at most 1,000.
#[utoipa::path(
    get, path = "/users", operation_id = "search_users", tag = "Users",
    params(
        ("q" = Option<String>, Query, description = "Beginning of a user name or display name, at least two characters, case-insensitive; or an id"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Public>)),
)]
pub(super) async fn search_users(
    State(community): State<Community>,
    _: Anybody,
    input: Input,
) -> Result<Json<Listed<Public>>, Refusal> {
    if !community.settings.list_users {
        return Err(Refusal::switched_off());
    }
    let (page, text) = (Page::of(&input, &community.settings.limits), input.text("q").unwrap_or_default().trim());
    // Names are no longer; an id has 36 characters.
    let FieldLimits { max_display_name, max_username, .. } = community.settings.limits;
    let longest = max_display_name.max(max_username).max(80);
    if !(SHORTEST_SEARCH..=size(longest)).contains(&text.chars().count()) {
        return Ok(Json(page.list(Vec::new(), 0)));
    }
    let (rows, total) = community.search_users(text, page).await?;
    Ok(Json(page.list(rows.into_iter().map(Public::from).collect(), total)))
}

/// Read a user.
#[utoipa::path(
    get, path = "/users/{id}", operation_id = "get_user", tag = "Users",
    params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Public), (status = 400, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn get_user(
    State(community): State<Community>,
    _: Anybody,
    id: PathId,
) -> Result<Json<Public>, Refusal> {
    if !community.settings.list_users {
        return Err(Refusal::switched_off());
    }
    let found = community.store.profile(id.valid()?.into()).await?;
    Ok(Json(found.ok_or_else(|| Refusal::error(StatusCode::NOT_FOUND, "not_found"))?.into()))
}
