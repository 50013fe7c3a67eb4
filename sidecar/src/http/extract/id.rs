//! Ids in paths.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use realmgate_protocol::ids::CharacterId;

use crate::error::{Error, ErrorCode};

/// `{id}` of a route under `/characters`. What is no id names no character.
pub struct CharacterPath(pub CharacterId);

impl<S: Send + Sync> FromRequestParts<S> for CharacterPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(Error::internal)?;
        let id = params.iter().find(|(name, _)| *name == "id").and_then(|(_, id)| id.parse().ok());
        id.map(Self).ok_or_else(|| ErrorCode::CharacterNotFound.into())
    }
}
