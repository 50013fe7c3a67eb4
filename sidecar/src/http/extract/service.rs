//! Calls of our own servers.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::bearer;
use crate::error::{Error, ErrorCode};
use crate::state::AppState;

/// A call with the service token.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCaller;

impl FromRequestParts<AppState> for ServiceCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        if is_service_caller(state, &parts.headers) { Ok(Self) } else { Err(ErrorCode::ServiceTokenRequired.into()) }
    }
}

/// Whether the headers contain the service token.
pub fn is_service_caller(state: &AppState, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| state.config.secrets.service_token.matches(token))
}
