//! Who may speak with the directory.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::{Error, ErrorCode};
use crate::http::extract::is_service_caller;
use crate::state::AppState;

/// A call with the service token; without one where `ALLOW_UNAUTHENTICATED_REGISTRY` is set, which needs a listener
/// that only this machine can reach.
#[derive(Debug, Clone, Copy)]
pub struct RegistryCaller;

impl FromRequestParts<AppState> for RegistryCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        if state.config.gateway.allow_unauthenticated_registry || is_service_caller(state, &parts.headers) {
            Ok(Self)
        } else {
            Err(ErrorCode::ServiceTokenRequired.into())
        }
    }
}
