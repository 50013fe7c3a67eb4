//! Who may watch: whoever knows the service token. Strangers reach these routes, so guesses are counted as failed log-ins are.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::{Peer, bearer, is_service_caller};

use crate::state::AppState;

/// The name under which guesses of the service token are counted. No user can be called so, since no user name has a space.
const GUESSED: &str = "service token";

/// A call with the service token, counted against the rate limits of its address.
#[derive(Debug, Clone, Copy)]
pub struct Watcher;

impl FromRequestParts<AppState> for Watcher {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let source = Peer::from_request_parts(parts, state).await?.into();
        state.limits.anonymous_call(source).await?;
        if bearer(&parts.headers).is_none() {
            return Err(ErrorCode::ServiceTokenRequired.into());
        }
        // Before the token is looked at: who guesses too often does not learn whether a guess was right.
        state.limits.failures.check(GUESSED, source).await?;
        if is_service_caller(&state.http, &parts.headers) {
            return Ok(Self);
        }
        state.limits.failures.record(GUESSED, source).await;
        Err(ErrorCode::ServiceTokenRequired.into())
    }
}
