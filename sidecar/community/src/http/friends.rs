//! `/friends`, `/me/friends` and `/me/friend-requests`: who asks whom to be friends, and what comes of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Done, Input, Listed, Page, PathId, Player, Refusal, Refused};
use crate::accounts::shapes::Brief;
use crate::friends::shapes::{Friend, Request};
use crate::state::Community;
use crate::store::{Side, Step};

/// The receiver of a friend request.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Target {
    /// The account's id.
    #[schema(value_type = String, format = "uuid")]
    target_user_id: uuid::Uuid,
}

/// The caller's pending friend requests.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Requests {
    /// Requests to the caller.
    incoming: Vec<Request>,
    /// Requests of the caller.
    outgoing: Vec<Request>,
    /// Page and counts of both lists.
    meta: RequestsMeta,
}

/// Page and counts of two lists.
#[derive(Serialize, utoipa::ToSchema)]
struct RequestsMeta {
    /// Page number, from 1.
    page: i64,
    /// Maximum number of rows of each list on a page.
    page_size: i64,
    /// Number of rows on this page.
    counts: Both<i64>,
    /// Number of rows on all pages.
    total_counts: Both<i64>,
    /// Number of pages.
    total_pages: Both<i64>,
    /// Whether there is a next page.
    has_more: Both<bool>,
}

/// A value for each list.
#[derive(Serialize, utoipa::ToSchema)]
struct Both<T> {
    /// Of the requests to the caller.
    incoming: T,
    /// Of the requests of the caller.
    outgoing: T,
}

/// Send a friend request. If that user has sent you one, you become friends.
#[utoipa::path(
    post, path = "/friends", operation_id = "create_friend_request", tag = "Friends", security(("access_token" = [])),
    request_body = Target,
    responses((status = 201, body = Done), (status = 400, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn create_friend_request(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<(StatusCode, Json<Done>), Refusal> {
    let Target { target_user_id } = input.fields()?;
    community.friends.ask(caller.account, target_user_id.into()).await?;
    Ok((StatusCode::CREATED, Json(Done {})))
}

/// List your friends.
#[utoipa::path(
    get, path = "/me/friends", operation_id = "list_friends", tag = "Friends", security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Friend>)),
)]
pub(super) async fn list_friends(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Listed<Friend>>, Refusal> {
    let page = Page::of(&input, &community.settings.limits);
    let (rows, total) = community.friends.store.friends(caller.account, page.limit(), page.offset()).await?;
    Ok(Json(page.list(community.friends.seen(rows).await, total)))
}

/// List your pending friend requests, incoming and outgoing.
#[utoipa::path(
    get, path = "/me/friend-requests", operation_id = "list_friend_requests", tag = "Friends",
    security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "Page number of both lists, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Requests)),
)]
pub(super) async fn list_friend_requests(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Requests>, Refusal> {
    let (page, account, store) =
        (Page::of(&input, &community.settings.limits), caller.account, &community.friends.store);
    let own = community.store.profile(account).await?;
    let own = Brief::from(own.ok_or_else(|| Refusal::error(StatusCode::UNAUTHORIZED, "Failed."))?);
    let (incoming, all_incoming) = store.requests(account, Side::Incoming, page.limit(), page.offset()).await?;
    let (outgoing, all_outgoing) = store.requests(account, Side::Outgoing, page.limit(), page.offset()).await?;
    let shown = |rows: Vec<_>, is_incoming| -> Vec<Request> {
        rows.into_iter().map(|row| Request::new(row, own.clone(), is_incoming)).collect()
    };
    let (incoming, outgoing) = (shown(incoming, true), shown(outgoing, false));
    let total_pages = Both { incoming: page.pages(all_incoming), outgoing: page.pages(all_outgoing) };
    let meta = RequestsMeta {
        page: page.number(),
        page_size: page.limit(),
        counts: Both { incoming: length(&incoming), outgoing: length(&outgoing) },
        total_counts: Both { incoming: all_incoming, outgoing: all_outgoing },
        has_more: Both {
            incoming: page.number() < total_pages.incoming,
            outgoing: page.number() < total_pages.outgoing,
        },
        total_pages,
    };
    Ok(Json(Requests { incoming, outgoing, meta }))
}

/// Accept a friend request.
#[utoipa::path(
    post, path = "/friends/{id}/accept", operation_id = "accept_friend_request", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The friendship's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn accept_friend_request(
    community: State<Community>,
    player: Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    step(community, player, id, Step::Accept).await
}

/// Decline a friend request.
#[utoipa::path(
    post, path = "/friends/{id}/reject", operation_id = "reject_friend_request", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The friendship's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn reject_friend_request(
    community: State<Community>,
    player: Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    step(community, player, id, Step::Reject).await
}

/// Decline a friend request and block its sender.
#[utoipa::path(
    post, path = "/friends/{id}/block", operation_id = "block_friend_request", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The friendship's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn block_friend_request(
    community: State<Community>,
    player: Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    step(community, player, id, Step::Block).await
}

/// Unblock a user, by the friendship's id.
#[utoipa::path(
    post, path = "/friends/{id}/unblock", operation_id = "unblock_friend", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The friendship's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn unblock_friend(
    community: State<Community>,
    player: Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    step(community, player, id, Step::Unblock).await
}

/// Withdraw a friend request, or end a friendship.
#[utoipa::path(
    delete, path = "/friends/{id}", operation_id = "remove_friendship", tag = "Friends",
    security(("access_token" = [])), params(("id" = String, Path, description = "The friendship's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn remove_friendship(
    community: State<Community>,
    player: Player,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    step(community, player, id, Step::Remove).await
}

async fn step(
    State(community): State<Community>,
    Player(caller): Player,
    id: PathId,
    step: Step,
) -> Result<Json<Done>, Refusal> {
    community.friends.step(caller.account, id.valid()?, step).await?;
    Ok(Json(Done {}))
}

fn length<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
