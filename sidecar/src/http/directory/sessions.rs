//! `POST /session/online`, and `GET` and `DELETE /session/{userId}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{PathText, ServiceCaller, Valid};
use serde::{Deserialize, Serialize};

use super::caller::RegistryCaller;
use crate::directory::SessionEntry;
use crate::state::AppState;

/// A user who is online.
#[derive(Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnlineRequest {
    /// The user.
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    user_id: String,
    /// The gateway that the user is connected to.
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    gateway_id: String,
}

/// Mark a user online.
#[utoipa::path(
    post, path = "/session/online", tag = "directory", security(("service_token" = [])),
    request_body = OnlineRequest,
    responses(
        (status = 200, body = OnlineRequest),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
    ),
)]
pub async fn online(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    Valid(request): Valid<OnlineRequest>,
) -> Result<Json<OnlineRequest>, Error> {
    state.sessions.set(&request.user_id, SessionEntry::connected(&request.gateway_id)).await?;
    Ok(Json(request))
}

/// Read a user's session entry, which names its gateway.
#[utoipa::path(
    get, path = "/session/{userId}", tag = "directory", security(("service_token" = [])),
    params(("userId" = String, Path, description = "The user")),
    responses(
        (status = 200, body = OnlineRequest),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "NOT_FOUND"),
    ),
)]
pub async fn read(
    _caller: ServiceCaller,
    State(state): State<AppState>,
    PathText(user): PathText,
) -> Result<Json<OnlineRequest>, Error> {
    let entry = state.sessions.get(&user).await?;
    let entry = entry.ok_or_else(|| Error::new(ErrorCode::NotFound, "The user is not online"))?;
    Ok(Json(OnlineRequest { user_id: user, gateway_id: entry.gateway_id }))
}

/// Remove a user's session entry, until the user connects or enters again.
#[utoipa::path(
    delete, path = "/session/{userId}", tag = "directory", security(("service_token" = [])),
    params(("userId" = String, Path, description = "The user")),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
    ),
)]
pub async fn offline(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    PathText(user): PathText,
) -> Result<StatusCode, Error> {
    state.sessions.remove(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}
