//! `/admin/users`: what administrators change.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Admin, Data, Done, Input, PathId, Refusal, Refused};
use crate::accounts::Edit;
use crate::accounts::shapes::Managed;
use crate::state::Community;

fn not_found() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "not_found")
}

/// Change a user.
#[utoipa::path(
    patch, path = "/admin/users/{id}", operation_id = "admin_update_user", tag = "Admin Users",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")), request_body = Option<Edit>,
    responses(
        (status = 200, body = Data<Managed>),
        (status = 403, body = Refused),
        (status = 404, body = Refused),
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
    responses((status = 200, body = Done), (status = 403, body = Refused), (status = 404, body = Refused)),
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
