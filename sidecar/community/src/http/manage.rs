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

/// Find users by how their name begins, by their address, or by their id; where nothing is said, any. At most 1,000 are found.
#[utoipa::path(
    get, path = "/admin/users", operation_id = "admin_list_users", tag = "Admin Users", security(("access_token" = [])),
    params(
        ("q" = Option<String>, Query, description = "How a user name or display name begins, in any case; an address; or an id"),
        ("page" = Option<String>, Query, description = "From 1"),
        ("page_size" = Option<String>, Query, description = "25 if not given; at most 100, or LIMIT_MAX_PAGE_SIZE"),
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

/// A log-in.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct LogIn {
    /// Its id.
    id: String,
    /// When it began, ISO 8601.
    inserted_at: String,
    /// When it ended, ISO 8601; null while it lasts.
    ended_at: Option<String>,
}

/// List the log-ins of a user: the last 50, the newest first.
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

/// End every log-in of a user, who leaves the world.
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

/// Send a user's player out of the world. Its log-ins stay: it may come back at once.
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
    tracing::info!(admin = %caller.account, %account, "an administrator sent a player out of the world");
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
    tracing::info!(admin = %caller.account, %account, "an administrator changed an account");
    let ways = community.store.ways(account).await?;
    Ok(Json(Data { data: Managed::new(row, ways) }))
}

/// Delete a user, with everything that is theirs.
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
    tracing::info!(admin = %caller.account, %account, "an administrator deleted an account");
    Ok(Json(Done {}))
}
