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

/// Whom to ask.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Target {
    /// The account's id.
    #[schema(value_type = String, format = "uuid")]
    target_user_id: uuid::Uuid,
}

/// The caller's requests that wait for an answer.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Requests {
    /// Who asks the caller.
    incoming: Vec<Request>,
    /// Whom the caller asks.
    outgoing: Vec<Request>,
    /// Where they stand.
    meta: RequestsMeta,
}

/// What both lists say of their page.
#[derive(Serialize, utoipa::ToSchema)]
struct RequestsMeta {
    /// The page, from 1.
    page: i64,
    /// Most rows of a page of each list.
    page_size: i64,
    /// Rows of this page.
    counts: Both<i64>,
    /// Rows of all pages.
    total_counts: Both<i64>,
    /// How many pages there are.
    total_pages: Both<i64>,
    /// Whether there is a page behind this one.
    has_more: Both<bool>,
}

/// Something of each list.
#[derive(Serialize, utoipa::ToSchema)]
struct Both<T> {
    /// Of those who ask the caller.
    incoming: T,
    /// Of those whom the caller asks.
    outgoing: T,
}

/// Ask somebody to be your friend; where they have asked you, you are friends now.
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
        ("page" = Option<String>, Query, description = "From 1"),
        ("page_size" = Option<String>, Query, description = "25 if not given; at most 100, or LIMIT_MAX_PAGE_SIZE"),
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

/// List the requests that wait for an answer of yours, or that you wait for.
#[utoipa::path(
    get, path = "/me/friend-requests", operation_id = "list_friend_requests", tag = "Friends",
    security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "From 1, of both lists"),
        ("page_size" = Option<String>, Query, description = "25 if not given; at most 100, or LIMIT_MAX_PAGE_SIZE"),
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

/// Become the friend of who asked.
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

/// Decline who asked.
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

/// Block who asked.
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

/// Block somebody no more, by the friendship.
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

/// Withdraw a request, or end a friendship.
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
