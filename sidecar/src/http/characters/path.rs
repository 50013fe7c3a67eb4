//! The character that a path names.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::PathText;
use realmgate_protocol::ids::CharacterId;

/// `{id}` of a route under `/characters`. A text that is not an id names no character.
pub struct CharacterPath(pub CharacterId);

impl<S: Send + Sync> FromRequestParts<S> for CharacterPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let PathText(id) = PathText::from_request_parts(parts, state).await?;
        id.parse().map(Self).map_err(|_| ErrorCode::CharacterNotFound.into())
    }
}
