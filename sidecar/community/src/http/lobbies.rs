//! `/lobbies`: which there are, and what hosts make of theirs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Anybody, Input, Listed, Page, PathId, Player, Refusal, Refused};
use crate::lobbies::shapes::{Lobby, LobbyWithMembers};
use crate::lobbies::wishes;
use crate::state::Community;
use crate::store::{Changer, LobbyFilter};

/// The fields of a new lobby.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct NewLobby {
    /// The title; generated if missing.
    #[schema(max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_TITLE"}))))]
    title: Option<String>,
    /// Maximum number of members; 8 by default.
    #[schema(minimum = 1, maximum = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_USERS"}))))]
    max_users: Option<i64>,
    /// Whether lists leave it out.
    is_hidden: Option<bool>,
    /// Whether new members are refused.
    is_locked: Option<bool>,
    /// Password to join.
    #[schema(max_length = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_PASSWORD"}))))]
    password: Option<String>,
    /// Custom data: a JSON object.
    metadata: Option<Map<String, Value>>,
    /// Seconds between two chat messages of a member; clients apply it.
    #[schema(minimum = 0, maximum = 3600)]
    slowdown: Option<i64>,
}

/// The fields of a lobby to change. Missing fields stay as they are.
#[derive(Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct LobbyEdit {
    /// The title.
    #[schema(min_length = 1, max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_TITLE"}))))]
    title: Option<String>,
    /// Maximum number of members; at least the current number.
    #[schema(minimum = 1, maximum = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_USERS"}))))]
    max_users: Option<i64>,
    /// Whether lists leave it out.
    is_hidden: Option<bool>,
    /// Whether new members are refused.
    is_locked: Option<bool>,
    /// Password to join; empty for none.
    #[schema(max_length = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_PASSWORD"}))))]
    password: Option<String>,
    /// Custom data: a JSON object that replaces the stored one.
    metadata: Option<Map<String, Value>>,
    /// Seconds between two chat messages of a member; clients apply it.
    #[schema(minimum = 0, maximum = 3600)]
    slowdown: Option<i64>,
    /// Account id of the member who becomes the host.
    #[schema(format = "uuid")]
    host_id: Option<String>,
}

/// Which lobbies a query asks for.
pub(super) fn filter_of(input: &Input) -> LobbyFilter {
    let text = |name| input.text(name).unwrap_or_default().to_owned();
    let field = text("metadata_key");
    LobbyFilter {
        title: text("title").trim().to_owned(),
        hidden: None,
        locked: input.flag("is_locked"),
        passworded: input.flag("is_passworded"),
        min_users: input.number("min_users"),
        max_users: input.number("max_users"),
        value: if field.is_empty() { field.clone() } else { text("metadata_value") },
        field,
    }
}

/// List lobbies, newest first.
#[utoipa::path(
    get, path = "/lobbies", operation_id = "list_lobbies", tag = "Lobbies",
    params(
        ("title" = Option<String>, Query, description = "Beginning of the title, case-insensitive"),
        ("is_passworded" = Option<String>, Query, description = "Whether joining needs a password: `true` or `false`"),
        ("is_locked" = Option<String>, Query, description = "Whether new members are refused: `true` or `false`"),
        ("min_users" = Option<String>, Query, description = "Lowest `max_users`"),
        ("max_users" = Option<String>, Query, description = "Highest `max_users`"),
        ("metadata_key" = Option<String>, Query, description = "Name of a field of the metadata"),
        ("metadata_value" = Option<String>, Query, description = "Text that this field contains"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Lobby>)),
)]
pub(super) async fn list_lobbies(
    State(community): State<Community>,
    _: Anybody,
    input: Input,
) -> Result<Json<Listed<Lobby>>, Refusal> {
    if !community.settings.list_lobbies {
        return Err(Refusal::switched_off());
    }
    let (page, filter) =
        (Page::of(&input, &community.settings.limits), LobbyFilter { hidden: Some(false), ..filter_of(&input) });
    let (rows, total) = community.lobbies.store.list(&filter, page.limit(), page.offset()).await?;
    Ok(Json(page.list(rows.into_iter().map(Lobby::from).collect(), total)))
}

/// Read a lobby that is not hidden, with its members.
#[utoipa::path(
    get, path = "/lobbies/{id}", operation_id = "get_lobby", tag = "Lobbies", security(("access_token" = [])),
    params(("id" = String, Path, description = "The lobby's id")),
    responses((status = 200, body = LobbyWithMembers), (status = 404, body = Refused)),
)]
pub(super) async fn get_lobby(
    State(community): State<Community>,
    Player(caller): Player,
    id: PathId,
) -> Result<Json<LobbyWithMembers>, Refusal> {
    let not_found = || Refusal::error(StatusCode::NOT_FOUND, "Lobby not found");
    let found = community.lobbies.read(caller.account, id.id().ok_or_else(not_found)?).await?;
    Ok(Json(found.ok_or_else(not_found)?.into()))
}

/// Create a lobby and become its host.
#[utoipa::path(
    post, path = "/lobbies", operation_id = "create_lobby", tag = "Lobbies", security(("access_token" = [])),
    request_body = Option<NewLobby>,
    responses((status = 201, body = Lobby), (status = 409, body = Refused)),
)]
pub(super) async fn create_lobby(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<(StatusCode, Json<Lobby>), Refusal> {
    let wanted = wishes::read(&input, &community.settings.limits)
        .map_err(|faults| Refusal::fields(StatusCode::CONFLICT, &faults))?;
    if wanted.change.hostless == Some(true) {
        return Err(Refusal::error(StatusCode::UNAUTHORIZED, "unauthorized"));
    }
    let made = community.lobbies.create(peer.into(), caller.account, wanted).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Change the lobby that you host.
#[utoipa::path(
    patch, path = "/lobbies", operation_id = "update_lobby", tag = "Lobbies", security(("access_token" = [])),
    request_body = LobbyEdit,
    responses((status = 200, body = Lobby), (status = 403, body = Refused), (status = 422, body = Refused)),
)]
pub(super) async fn update_lobby(
    State(community): State<Community>,
    peer: Peer,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Lobby>, Refusal> {
    let wanted = wishes::read_change(&input, &community.settings.limits);
    let mut wanted = wanted.map_err(|faults| Refusal::fields(StatusCode::UNPROCESSABLE_ENTITY, &faults))?;
    // Administrators alone say so.
    wanted.change.hostless = None;
    let changer = Changer::Member(caller.account);
    Ok(Json(community.lobbies.change(peer.into(), caller.account, changer, wanted).await?.into()))
}
