//! `GET /characters/{id}/internal`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Character;
use crate::error::Error;
use crate::http::Problem;
use crate::http::extract::{CharacterPath, ServiceCaller};
use crate::service::characters;
use crate::state::AppState;

/// A character, as our servers see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InternalCharacter {
    /// The account it belongs to.
    user_id: String,
    /// Who may write it: `none`, `gateway:<id>` or `map:<server id>`.
    lock_owner: String,
    /// The rest.
    #[serde(flatten)]
    character: Character,
}

/// Read any character; for our own servers.
#[utoipa::path(
    get, path = "/characters/{id}/internal", tag = "internal", security(("service_token" = [])),
    params(("id" = String, Path, description = "The character's id")),
    responses(
        (status = 200, body = InternalCharacter),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "CHARACTER_NOT_FOUND"),
    ),
)]
pub async fn internal(
    State(state): State<AppState>,
    _service: ServiceCaller,
    CharacterPath(id): CharacterPath,
) -> Result<Json<InternalCharacter>, Error> {
    let row = characters::find(&state, id).await?;
    Ok(Json(InternalCharacter {
        user_id: row.account.to_string(),
        lock_owner: row.lock_owner.clone(),
        character: Character::of(&state, row).await?,
    }))
}
