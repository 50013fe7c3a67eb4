//! `/leaderboards`: which boards there are.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::{Anybody, Data, Input, Listed, Page, PathId, Refusal, Refused};
use crate::leaderboards::shapes::Leaderboard;
use crate::state::Community;
use crate::store::BoardFilter;
use crate::time::from_iso;

/// Most slugs that are resolved at once.
const MOST_SLUGS: usize = 100;

/// A list of slugs.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub(super) struct Slugs {
    /// The slugs, at most 100.
    #[schema(max_items = 100)]
    slugs: Vec<String>,
}

/// Nothing unless it is a list of texts, and not too long.
fn slugs_of(value: &Value) -> Option<Vec<&str>> {
    let slugs = value.as_array().filter(|slugs| slugs.len() <= MOST_SLUGS)?;
    slugs.iter().map(Value::as_str).collect()
}

/// Refuses where an operator has switched boards off.
pub(super) fn check_listed(community: &Community) -> Result<(), Refusal> {
    if community.settings.list_leaderboards { Ok(()) } else { Err(Refusal::switched_off()) }
}

/// List leaderboards: first those without an end, then by end, latest first.
#[utoipa::path(
    get, path = "/leaderboards", operation_id = "list_leaderboards", tag = "Leaderboards",
    params(
        ("slug" = Option<String>, Query, description = "Only the seasons of this slug"),
        ("active" = Option<String>, Query, description = "Whether the end is in the future: `true` or `false`"),
        ("order_by" = Option<String>, Query, description = "`ends_at` by default; `inserted_at` for newest first"),
        ("starts_after" = Option<String>, Query, description = "Earliest start, ISO 8601"),
        ("starts_before" = Option<String>, Query, description = "Latest start, ISO 8601"),
        ("ends_after" = Option<String>, Query, description = "Earliest end, ISO 8601"),
        ("ends_before" = Option<String>, Query, description = "Latest end, ISO 8601"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Leaderboard>)),
)]
pub(super) async fn list_leaderboards(
    State(community): State<Community>,
    _: Anybody,
    input: Input,
) -> Result<Json<Listed<Leaderboard>>, Refusal> {
    check_listed(&community)?;
    let (page, now_ms) = (Page::of(&input, &community.settings.limits), community.boards.clock.now_ms());
    let time = |name| input.text(name).and_then(from_iso);
    let filter = BoardFilter {
        slug: input.text("slug").map(str::to_owned),
        active: input.flag("active"),
        starts_after_ms: time("starts_after"),
        starts_before_ms: time("starts_before"),
        ends_after_ms: time("ends_after"),
        ends_before_ms: time("ends_before"),
        by_age: input.text("order_by") == Some("inserted_at"),
    };
    let (boards, total) = community.boards.store.list(&filter, now_ms, page.limit(), page.offset()).await?;
    let boards = boards.into_iter().map(|board| Leaderboard::new(board, now_ms)).collect();
    Ok(Json(page.list(boards, total)))
}

/// Find the active seasons of several slugs. Slugs without one are left out.
#[utoipa::path(
    post, path = "/leaderboards/resolve", operation_id = "resolve_leaderboard_slugs", tag = "Leaderboards",
    request_body = Slugs,
    responses((status = 200, body = Data<BTreeMap<String, Leaderboard>>), (status = 400, body = Refused)),
)]
pub(super) async fn resolve_leaderboard_slugs(
    State(community): State<Community>,
    _: Anybody,
    input: Input,
) -> Result<Json<Data<BTreeMap<String, Leaderboard>>>, Refusal> {
    check_listed(&community)?;
    let slugs = input.value("slugs").and_then(slugs_of).ok_or_else(Refusal::bad_request)?;
    let now_ms = community.boards.clock.now_ms();
    let mut found = BTreeMap::new();
    for slug in slugs {
        if !found.contains_key(slug)
            && let Some(board) = community.boards.store.active(slug, now_ms).await?
        {
            found.insert(slug.to_owned(), Leaderboard::new(board, now_ms));
        }
    }
    Ok(Json(Data { data: found }))
}

/// Read a leaderboard.
#[utoipa::path(
    get, path = "/leaderboards/{id}", operation_id = "get_leaderboard", tag = "Leaderboards",
    params(("id" = String, Path, description = "The leaderboard's id, or a slug for its active season")),
    responses((status = 200, body = Data<Leaderboard>), (status = 404, body = Refused)),
)]
pub(super) async fn get_leaderboard(
    State(community): State<Community>,
    _: Anybody,
    id: PathId,
) -> Result<Json<Data<Leaderboard>>, Refusal> {
    check_listed(&community)?;
    let board = community.boards.find(&id.0).await?;
    Ok(Json(Data { data: Leaderboard::new(board, community.boards.clock.now_ms()) }))
}
