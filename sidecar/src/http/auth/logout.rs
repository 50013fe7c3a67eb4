//! `POST /auth/logout`.

use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::tokens::Caller;

use crate::state::AppState;

/// Log out: revoke the login's tokens, save its player and remove it from the world.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", security(("access_token" = [])),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
    ),
)]
pub(crate) async fn logout(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Error> {
    state.accounts.logout(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
