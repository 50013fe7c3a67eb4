//! `POST /session/online` and `DELETE /session/{userId}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use serde::{Deserialize, Serialize};

use super::caller::RegistryCaller;
use crate::directory::SessionEntry;
use crate::error::Error;
use crate::http::Problem;
use crate::http::extract::{PathText, Valid};
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
    let entry = SessionEntry { gateway_id: request.gateway_id.clone(), log_in: None };
    state.sessions.set(&request.user_id, entry).await?;
    Ok(Json(request))
}

/// Remove a user's session.
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
