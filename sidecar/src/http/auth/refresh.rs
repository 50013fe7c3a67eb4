//! `POST /auth/refresh`.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{AnonymousPeer, Valid};
use serde::Deserialize;

use super::Tokens;
use crate::state::AppState;

/// The newest refresh token.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct Refresh {
    /// Can be used once; a second use ends its login.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = 256))]
    #[schema(required = true, min_length = 1, max_length = 256)]
    refresh_token: String,
}

/// Exchange a refresh token for new tokens.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", request_body = Refresh,
    responses(
        (status = 200, body = Tokens),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "INVALID_REFRESH_TOKEN"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
    ),
)]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    _peer: AnonymousPeer,
    Valid(body): Valid<Refresh>,
) -> Result<Json<Tokens>, Error> {
    let grant = state.accounts.refresh(&body.refresh_token).await?;
    Ok(Json(grant.into()))
}
