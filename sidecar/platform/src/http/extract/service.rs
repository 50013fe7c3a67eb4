//! Calls of our own servers.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::bearer;
use crate::error::{Error, ErrorCode};
use crate::http::HttpState;

/// A call with the service token.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCaller;

impl<S> FromRequestParts<S> for ServiceCaller
where
    HttpState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let state = HttpState::from_ref(state);
        if is_service_caller(&state, &parts.headers) { Ok(Self) } else { Err(ErrorCode::ServiceTokenRequired.into()) }
    }
}

/// Whether the headers contain the service token.
pub fn is_service_caller(state: &HttpState, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| state.service_token.matches(token))
}
