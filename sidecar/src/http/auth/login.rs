//! `POST /auth/login`.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Peer, Valid};
use serde::Deserialize;

use super::Tokens;
use crate::service::accounts;
use crate::state::AppState;

/// User name and password. Only their lengths are checked.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct Login {
    /// The user name, case-insensitive.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = 64))]
    #[schema(required = true, min_length = 1, max_length = 64)]
    username: String,
    /// The password.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = accounts::MAX_PASSWORD_CHARS))]
    #[schema(required = true, min_length = 1, max_length = 256, format = Password)]
    password: String,
}

/// Log in with user name and password.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", request_body = Login,
    responses(
        (status = 200, body = Tokens),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "INVALID_CREDENTIALS"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "OVERLOADED"),
    ),
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    peer: Peer,
    Valid(body): Valid<Login>,
) -> Result<Json<Tokens>, Error> {
    let grant = state.accounts.login(peer.into(), &body.username, body.password.into()).await?;
    Ok(Json(grant.into()))
}
