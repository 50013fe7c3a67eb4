//! `/admin/lobbies`: what administrators see and change of lobbies.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::lobbies::{LobbyEdit, NewLobby, filter_of};
use super::{Admin, Data, Done, Input, Listed, Page, PathId, Refusal, Refused};
use crate::lobbies::shapes::ManagedLobby;
use crate::lobbies::wishes;
use crate::state::Community;
use crate::store::{Changer, LobbyFilter};

/// The fields of a lobby that an administrator changes. Missing fields stay as they are.
#[derive(Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses by field")]
pub(super) struct ManagedLobbyEdit {
    #[serde(flatten)]
    edit: LobbyEdit,
    /// Whether it has no host: any member may change it, and it stays when it is empty.
    hostless: Option<bool>,
}

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

/// List all lobbies, newest first.
#[utoipa::path(
    get, path = "/admin/lobbies", operation_id = "admin_list_lobbies", tag = "Admin Lobbies",
    security(("access_token" = [])),
    params(
        ("title" = Option<String>, Query, description = "Beginning of the title, case-insensitive"),
        ("is_hidden" = Option<String>, Query, description = "Whether lists leave it out: `true` or `false`"),
        ("is_locked" = Option<String>, Query, description = "Whether new members are refused: `true` or `false`"),
        ("has_password" = Option<String>, Query, description = "Whether joining needs a password: `true` or `false`"),
        ("min_users" = Option<String>, Query, description = "Lowest `max_users`"),
        ("max_users" = Option<String>, Query, description = "Highest `max_users`"),
        ("metadata_key" = Option<String>, Query, description = "Name of a field of the metadata"),
        ("metadata_value" = Option<String>, Query, description = "Text that this field contains"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<ManagedLobby>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_list_lobbies(
    State(community): State<Community>,
    _: Admin,
    input: Input,
) -> Result<Json<Listed<ManagedLobby>>, Refusal> {
    let (page, filter) = (Page::of(&input, &community.settings.limits), filter_of(&input));
    let passworded = input.flag("has_password").or(filter.passworded);
    let filter = LobbyFilter { hidden: input.flag("is_hidden"), passworded, ..filter };
    let (rows, total) = community.lobbies.store.list(&filter, page.limit(), page.offset()).await?;
    Ok(Json(page.list(rows.into_iter().map(ManagedLobby::from).collect(), total)))
}

/// Create an empty lobby without a host. Any member may change it, and it stays when it is empty.
#[utoipa::path(
    post, path = "/admin/lobbies", operation_id = "admin_create_lobby", tag = "Admin Lobbies",
    security(("access_token" = [])), request_body = Option<NewLobby>,
    responses(
        (status = 201, body = Data<ManagedLobby>),
        (status = 403, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_create_lobby(
    State(community): State<Community>,
    peer: Peer,
    Admin(caller): Admin,
    input: Input,
) -> Result<(StatusCode, Json<Data<ManagedLobby>>), Refusal> {
    let wanted =
        wishes::read(&input, &community.settings.limits).map_err(|faults| Refusal::validation_failed(&faults))?;
    let row = community.lobbies.create_hostless(peer.into(), caller.account, wanted).await?;
    tracing::info!(admin = %caller.account, lobby = %row.id, "administrator created lobby");
    Ok((StatusCode::CREATED, Json(Data { data: row.into() })))
}

/// Change a lobby.
#[utoipa::path(
    patch, path = "/admin/lobbies/{id}", operation_id = "admin_update_lobby", tag = "Admin Lobbies",
    security(("access_token" = [])), params(("id" = String, Path, description = "The lobby's id")),
    request_body = ManagedLobbyEdit,
    responses(
        (status = 200, body = Data<ManagedLobby>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_update_lobby(
    State(community): State<Community>,
    peer: Peer,
    Admin(caller): Admin,
    id: PathId,
    input: Input,
) -> Result<Json<Data<ManagedLobby>>, Refusal> {
    let lobby = id.id().ok_or_else(not_found)?;
    let wanted = wishes::read_change(&input, &community.settings.limits)
        .map_err(|faults| Refusal::validation_failed(&faults))?;
    let row = community.lobbies.change(peer.into(), caller.account, Changer::Admin(lobby), wanted).await?;
    tracing::info!(admin = %caller.account, %lobby, "administrator changed lobby");
    Ok(Json(Data { data: row.into() }))
}

/// Delete a lobby. Its members leave it.
#[utoipa::path(
    delete, path = "/admin/lobbies/{id}", operation_id = "admin_delete_lobby", tag = "Admin Lobbies",
    security(("access_token" = [])), params(("id" = String, Path, description = "The lobby's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_delete_lobby(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    let lobby = id.id().ok_or_else(not_found)?;
    community.lobbies.delete(lobby).await?;
    tracing::info!(admin = %caller.account, %lobby, "administrator deleted lobby");
    Ok(Json(Done {}))
}
