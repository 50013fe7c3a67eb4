//! `GET /characters/{id}/internal`.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{AnonymousPeer, is_meant_for_this_machine, is_service_caller};
use serde::Serialize;

use super::Character;
use super::path::CharacterPath;
use crate::state::AppState;

/// A character, for our own servers.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InternalCharacter {
    /// The account it belongs to.
    user_id: String,
    /// Owner of its lock: `none`, `gateway:<id>` or `map:<server id>`.
    lock_owner: String,
    /// The rest.
    #[serde(flatten)]
    character: Character,
}

/// A call with the service token. With `ALLOW_UNAUTHENTICATED_REGISTRY`, also a call without it, as long as no listener
/// with this route can be reached from outside: the directory's is on loopback then, but the players' need not be.
#[derive(Debug, Clone, Copy)]
pub struct InternalCaller;

impl FromRequestParts<AppState> for InternalCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let config = &state.config;
        let is_open = config.gateway.allow_unauthenticated_registry
            && config.listen.api.ip().is_loopback()
            && is_meant_for_this_machine(&parts.headers);
        if is_open || is_service_caller(&state.http, &parts.headers) {
            Ok(Self)
        } else {
            AnonymousPeer::from_request_parts(parts, state).await?;
            Err(ErrorCode::ServiceTokenRequired.into())
        }
    }
}

/// Read any character, for our own servers.
#[utoipa::path(
    get, path = "/characters/{id}/internal", tag = "internal", security(("service_token" = [])),
    params(("id" = String, Path, description = "The character's id")),
    responses(
        (status = 200, body = InternalCharacter),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "CHARACTER_NOT_FOUND"),
    ),
)]
pub(crate) async fn internal(
    State(state): State<AppState>,
    _caller: InternalCaller,
    CharacterPath(id): CharacterPath,
) -> Result<Json<InternalCharacter>, Error> {
    let row = state.characters.find(id).await?;
    Ok(Json(InternalCharacter {
        user_id: row.account.to_string(),
        lock_owner: row.lock_owner.to_string(),
        character: Character::of(&state.characters, row).await,
    }))
}
