//! `POST /auth/register`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Peer, Valid};
use serde::Deserialize;

use super::Tokens;
use crate::service::accounts;
use crate::state::AppState;

/// A new account.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct Register {
    /// 3 to 64 letters a to z, digits and `_ - . @ +`; case-insensitive.
    #[serde(default)]
    #[garde(custom(username_rule))]
    #[schema(required = true, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9_.@+-]+$")]
    username: String,
    /// At least 8 characters.
    #[serde(default)]
    #[garde(custom(password_rule))]
    #[schema(required = true, min_length = 8, max_length = 256, format = Password)]
    password: String,
}

fn username_rule(text: &str, _: &()) -> garde::Result {
    accounts::username_fault(text).map_or(Ok(()), |fault| Err(garde::Error::new(fault)))
}

fn password_rule(text: &str, _: &()) -> garde::Result {
    accounts::password_fault(text).map_or(Ok(()), |fault| Err(garde::Error::new(fault)))
}

/// Create an account and log in to it.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", request_body = Register,
    responses(
        (status = 201, body = Tokens),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "USERNAME_TAKEN"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "OVERLOADED"),
    ),
)]
pub(crate) async fn register(
    State(state): State<AppState>,
    peer: Peer,
    Valid(body): Valid<Register>,
) -> Result<(StatusCode, Json<Tokens>), Error> {
    let grant = state.accounts.register(peer.into(), &body.username, body.password.into()).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}
