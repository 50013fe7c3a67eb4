//! `DELETE /map-registry/server/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::PathText;
use realmgate_protocol::ids::ServerId;

use super::caller::RegistryCaller;
use crate::state::AppState;

/// Remove a map server from the directory. Succeeds if it is not listed.
#[utoipa::path(
    delete, path = "/map-registry/server/{id}", tag = "directory", security(("service_token" = [])),
    params(("id" = String, Path, description = "The map server's id")),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
    ),
)]
pub async fn deregister(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    PathText(id): PathText,
) -> Result<StatusCode, Error> {
    if let Ok(id) = id.parse::<ServerId>() {
        state.world.servers.deregister(&id).await?;
        tracing::info!(server = %id, "map server deregistered");
    }
    Ok(StatusCode::NO_CONTENT)
}
