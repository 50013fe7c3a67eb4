//! `/lobbies`: who comes in, and who goes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Done, Input, PathId, Player, Refusal, Refused};
use crate::lobbies::shapes::Lobby;
use crate::lobbies::wishes::{self, Wanted};
use crate::state::Community;
use crate::store::LobbyChange;

/// The password to join a lobby.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Entry {
    /// The lobby's password, if it has one.
    password: Option<String>,
}

/// The member to remove.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Kicked {
    /// The account's id.
    #[schema(value_type = String, format = "uuid")]
    target_user_id: uuid::Uuid,
}

/// The lobby to look for.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct QuickJoin {
    /// The title of a new lobby, if none matches.
    #[schema(max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_TITLE"}))))]
    title: Option<String>,
    /// Maximum number of members.
    #[schema(minimum = 1, maximum = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_USERS"}))))]
    max_users: Option<i64>,
    /// Metadata to match: each field with a text that it contains. A new lobby gets this metadata.
    metadata: Option<Map<String, Value>>,
}

/// Join a lobby.
#[utoipa::path(
    post, path = "/lobbies/{id}/join", operation_id = "join_lobby", tag = "Lobbies", security(("access_token" = [])),
    params(("id" = String, Path, description = "The lobby's id")), request_body = Option<Entry>,
    responses((status = 200, body = Lobby), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn join_lobby(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    id: PathId,
    input: Input,
) -> Result<Json<Lobby>, Refusal> {
    let Entry { password } = input.fields()?;
    let id = id.id().ok_or_else(|| Refusal::error(StatusCode::NOT_FOUND, "not_found"))?;
    let joined = community.lobbies.join(peer.into(), caller.account, id, password.as_deref()).await?;
    Ok(Json(joined.into()))
}

/// Leave your lobby, if you are in one.
#[utoipa::path(
    post, path = "/lobbies/leave", operation_id = "leave_lobby", tag = "Lobbies", security(("access_token" = [])),
    responses((status = 200, body = Done)),
)]
pub(super) async fn leave_lobby(
    State(community): State<Community>,
    Player(caller): Player,
) -> Result<Json<Done>, Refusal> {
    community.lobbies.leave(caller.account).await?;
    Ok(Json(Done {}))
}

/// Remove a member from the lobby that you host.
#[utoipa::path(
    post, path = "/lobbies/kick", operation_id = "kick_user", tag = "Lobbies", security(("access_token" = [])),
    request_body = Kicked,
    responses(
        (status = 200, body = Done),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn kick_user(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Done>, Refusal> {
    let Kicked { target_user_id } = input.fields()?;
    community.lobbies.kick(caller.account, target_user_id.into()).await?;
    Ok(Json(Done {}))
}

/// Join the oldest lobby that matches, or create one.
#[utoipa::path(
    post, path = "/lobbies/quick_join", operation_id = "quick_join", tag = "Lobbies", security(("access_token" = [])),
    request_body = Option<QuickJoin>,
    responses(
        (status = 200, body = Lobby),
        (status = 403, body = Refused),
        (status = 409, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn quick_join(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Lobby>, Refusal> {
    let wanted = wishes::read(&input, &community.settings.limits);
    let Wanted { change, .. } = wanted.map_err(|faults| Refusal::fields(StatusCode::UNPROCESSABLE_ENTITY, &faults))?;
    let LobbyChange { title, max_users, metadata, .. } = change;
    let change = LobbyChange { title, max_users, metadata, ..LobbyChange::default() };
    let joined = community.lobbies.quick_join(peer.into(), caller.account, Wanted { change, password: None }).await?;
    Ok(Json(joined.into()))
}
