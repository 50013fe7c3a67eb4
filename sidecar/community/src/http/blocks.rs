//! Blocks: whom the caller wants to have nothing to do with.

use axum::Json;
use axum::extract::State;

use super::{Done, Input, Listed, Page, PathId, Player, Refusal, Refused};
use crate::accounts::shapes::Brief;
use crate::friends::shapes::Blocked;
use crate::state::Community;

/// Block a user. A friendship or a request between you ends.
#[utoipa::path(
    post, path = "/users/{id}/block", operation_id = "block_user", tag = "Friends", security(("access_token" = [])),
    params(("id" = String, Path, description = "The account's id")), responses((status = 200, body = Done)),
)]
pub(super) async fn block_user(
    State(community): State<Community>,
    Player(caller): Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    community.friends.block(caller.account, id.valid()?.into()).await?;
    Ok(Json(Done {}))
}

/// Unblock a user.
#[utoipa::path(
    post, path = "/users/{id}/unblock", operation_id = "unblock_user", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Done), (status = 404, body = Refused)),
)]
pub(super) async fn unblock_user(
    State(community): State<Community>,
    Player(caller): Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    community.friends.unblock(caller.account, id.valid()?.into()).await?;
    Ok(Json(Done {}))
}

/// List the users that you block, with the ids of the friendships.
#[utoipa::path(
    get, path = "/me/blocked", operation_id = "list_blocked_friends", tag = "Friends",
    security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Blocked>)),
)]
pub(super) async fn list_blocked_friends(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Listed<Blocked>>, Refusal> {
    let page = Page::of(&input, &community.settings.limits);
    let (rows, total) = community.friends.store.blocked(caller.account, page.limit(), page.offset()).await?;
    let rows = rows.into_iter().map(|row| Blocked { id: row.friendship.to_string(), requester: row.into() });
    Ok(Json(page.list(rows.collect(), total)))
}

/// List the users that you block.
#[utoipa::path(
    get, path = "/me/blacklist", operation_id = "list_blacklisted_users", tag = "Friends",
    security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Brief>)),
)]
pub(super) async fn list_blacklisted_users(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Listed<Brief>>, Refusal> {
    let page = Page::of(&input, &community.settings.limits);
    let (rows, total) = community.friends.store.blocked(caller.account, page.limit(), page.offset()).await?;
    Ok(Json(page.list(rows.into_iter().map(Brief::from).collect(), total)))
}
