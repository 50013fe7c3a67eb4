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

/// A lobby to be made.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct NewLobby {
    /// What it is called; one is made up if not given.
    #[schema(max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_TITLE"}))))]
    title: Option<String>,
    /// Most members; 8 if not given.
    #[schema(minimum = 1, maximum = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_USERS"}))))]
    max_users: Option<i64>,
    /// Whether it is in no list.
    is_hidden: Option<bool>,
    /// Whether nobody comes in.
    is_locked: Option<bool>,
    /// What one must know to join.
    #[schema(max_length = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_PASSWORD"}))))]
    password: Option<String>,
    /// What programs keep with it.
    metadata: Option<Map<String, Value>>,
    /// How many seconds members wait between two lines that they say.
    #[schema(minimum = 0, maximum = 3600)]
    slowdown: Option<i64>,
}

/// What its host changes of a lobby. What is not given stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct LobbyEdit {
    /// What it is called.
    #[schema(min_length = 1, max_length = 80, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_TITLE"}))))]
    title: Option<String>,
    /// Most members; no fewer than there are.
    #[schema(minimum = 1, maximum = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_USERS"}))))]
    max_users: Option<i64>,
    /// Whether it is in no list.
    is_hidden: Option<bool>,
    /// Whether nobody comes in.
    is_locked: Option<bool>,
    /// What one must know to join; empty for nothing.
    #[schema(max_length = 128, extensions(("x-limits" = json!({"max": "LIMIT_MAX_LOBBY_PASSWORD"}))))]
    password: Option<String>,
    /// What programs keep with it, in place of what was there.
    metadata: Option<Map<String, Value>>,
    /// How many seconds members wait between two lines that they say.
    #[schema(minimum = 0, maximum = 3600)]
    slowdown: Option<i64>,
    /// The member who is the host from now on.
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

/// List lobbies, the newest first.
#[utoipa::path(
    get, path = "/lobbies", operation_id = "list_lobbies", tag = "Lobbies",
    params(
        ("title" = Option<String>, Query, description = "How the title begins, in any case"),
        ("is_passworded" = Option<String>, Query, description = "Whether joining needs a password: `true` or `false`"),
        ("is_locked" = Option<String>, Query, description = "Whether nobody comes in: `true` or `false`"),
        ("min_users" = Option<String>, Query, description = "At least so many places"),
        ("max_users" = Option<String>, Query, description = "At most so many places"),
        ("metadata_key" = Option<String>, Query, description = "A field that its metadata has"),
        ("metadata_value" = Option<String>, Query, description = "What the text of that field contains"),
        ("page" = Option<String>, Query, description = "From 1"),
        ("page_size" = Option<String>, Query, description = "25 if not given; at most 100, or LIMIT_MAX_PAGE_SIZE"),
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

/// Make a lobby, whose host you are.
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

/// Change the lobby that you are the host of.
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
