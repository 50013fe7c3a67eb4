//! Which callers may use the directory.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::{is_service_caller, names_this_machine};

use crate::state::AppState;

/// A call with the service token. With `ALLOW_UNAUTHENTICATED_REGISTRY`, which needs a listener that only this machine
/// can reach, also a call without it that is meant for this machine.
#[derive(Debug, Clone, Copy)]
pub struct RegistryCaller;

impl FromRequestParts<AppState> for RegistryCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let is_open = state.config.gateway.allow_unauthenticated_registry && names_this_machine(&parts.headers);
        if is_open || is_service_caller(&state.http, &parts.headers) {
            Ok(Self)
        } else {
            Err(ErrorCode::ServiceTokenRequired.into())
        }
    }
}
