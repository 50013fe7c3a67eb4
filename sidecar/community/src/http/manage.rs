//! `/admin/users`: what administrators change.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::sessions::LogInRow;

use super::{Admin, Data, Done, Input, Listed, Page, PathId, Refusal, Refused};
use crate::accounts::shapes::Managed;
use crate::accounts::{Edit, rules};
use crate::state::Community;
use crate::time::iso;

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

/// Find users by the beginning of a name, by e-mail address or by id. Without `q`, list any; at most 1,000.
#[utoipa::path(
    get, path = "/admin/users", operation_id = "admin_list_users", tag = "Admin Users", security(("access_token" = [])),
    params(
        ("q" = Option<String>, Query, description = "Beginning of a user name or display name, case-insensitive; an e-mail address; or an id"),
        ("page" = Option<String>, Query, description = "Page number, from 1"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
    ),
    responses((status = 200, body = Listed<Managed>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_list_users(
    State(community): State<Community>,
    _: Admin,
    input: Input,
) -> Result<Json<Listed<Managed>>, Refusal> {
    let (page, text) = (Page::of(&input, &community.settings.limits), input.text("q").unwrap_or_default().trim());
    let (rows, total) = match text.contains('@') {
        true => {
            let address = rules::address(text, &community.settings.limits).unwrap_or_default();
            let found = community.store.find_address(&address).await?;
            let row = match found {
                Some((account, _)) => community.store.profile(account).await?,
                None => None,
            };
            let total = i64::from(row.is_some());
            (row.into_iter().collect(), total)
        }
        false => community.search_users(text, page).await?,
    };
    let mut users = Vec::new();
    for row in rows {
        let ways = community.store.ways(row.account).await?;
        users.push(Managed::new(row, ways));
    }
    Ok(Json(page.list(users, total)))
}

/// Read a user.
#[utoipa::path(
    get, path = "/admin/users/{id}", operation_id = "admin_get_user", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Data<Managed>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_get_user(
    State(community): State<Community>,
    _: Admin,
    id: PathId,
) -> Result<Json<Data<Managed>>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    let row = community.store.profile(account).await?.ok_or_else(not_found)?;
    let ways = community.store.ways(account).await?;
    Ok(Json(Data { data: Managed::new(row, ways) }))
}

/// A login.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct LogIn {
    /// The login's id.
    id: String,
    /// Time of the login, ISO 8601.
    inserted_at: String,
    /// End of the login, ISO 8601; null if it is active.
    ended_at: Option<String>,
}

/// List the last 50 logins of a user, newest first.
#[utoipa::path(
    get, path = "/admin/users/{id}/log_ins", operation_id = "admin_list_log_ins", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Data<Vec<LogIn>>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_list_log_ins(
    State(community): State<Community>,
    _: Admin,
    id: PathId,
) -> Result<Json<Data<Vec<LogIn>>>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    community.store.profile(account).await?.ok_or_else(not_found)?;
    let rows = community.sessions.list(account).await?;
    let log_in = |row: LogInRow| LogIn {
        id: row.id.to_string(),
        inserted_at: iso(row.created_ms),
        ended_at: row.ended_ms.map(iso),
    };
    Ok(Json(Data { data: rows.into_iter().map(log_in).collect() }))
}

/// End all logins of a user. The player leaves the world.
#[utoipa::path(
    delete, path = "/admin/users/{id}/log_ins", operation_id = "admin_end_log_ins", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn admin_end_log_ins(
    State(community): State<Community>,
    _: Admin,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    if community.profiles.end_log_ins(account).await? { Ok(Json(Done {})) } else { Err(not_found()) }
}

/// Remove a user's player from the world. The logins stay, so the player may come back at once.
#[utoipa::path(
    post, path = "/admin/users/{id}/kick", operation_id = "admin_kick_user", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, body = Done),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 409, body = Refused, description = "`not_in_world`"),
    ),
)]
pub(super) async fn admin_kick_user(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    if !community.profiles.kick(account).await?.ok_or_else(not_found)? {
        return Err(Refusal::explained(StatusCode::CONFLICT, "not_in_world", "This player is not in the world"));
    }
    tracing::info!(admin = %caller.account, %account, "administrator kicked player");
    Ok(Json(Done {}))
}

/// Change a user.
#[utoipa::path(
    patch, path = "/admin/users/{id}", operation_id = "admin_update_user", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")), request_body = Option<Edit>,
    responses(
        (status = 200, body = Data<Managed>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
        (status = 409, body = Refused),
        (status = 422, body = Refused),
    ),
)]
pub(super) async fn admin_update_user(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
    input: Input,
) -> Result<Json<Data<Managed>>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    let edit: Edit = input.fields()?;
    let row = community.profiles.edit(account, &edit).await?.ok_or_else(not_found)?;
    tracing::info!(admin = %caller.account, %account, "administrator changed account");
    let ways = community.store.ways(account).await?;
    Ok(Json(Data { data: Managed::new(row, ways) }))
}

/// Delete a user's account with its characters.
#[utoipa::path(
    delete, path = "/admin/users/{id}", operation_id = "admin_delete_user", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused), (status = 409, body = Refused)),
)]
pub(super) async fn admin_delete_user(
    State(community): State<Community>,
    Admin(caller): Admin,
    id: PathId,
) -> Result<Json<Done>, Refusal> {
    let account = id.id().ok_or_else(not_found)?.into();
    if !community.deletion.delete(account).await? {
        return Err(not_found());
    }
    tracing::info!(admin = %caller.account, %account, "administrator deleted account");
    Ok(Json(Done {}))
}
