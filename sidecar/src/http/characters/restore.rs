//! `POST /characters/{id}/restore`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::tokens::Caller;

use super::Character;
use super::path::CharacterPath;
use crate::state::AppState;

/// Restore one of your deleted characters, while it is still listed.
#[utoipa::path(
    post, path = "/characters/{id}/restore", tag = "characters", security(("access_token" = [])),
    params(("id" = String, Path, description = "The character's id")),
    responses(
        (status = 200, body = Character),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "FORBIDDEN"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "CHARACTER_NOT_FOUND"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "ALREADY_ONLINE"),
    ),
)]
pub(crate) async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    CharacterPath(id): CharacterPath,
) -> Result<Json<Character>, Error> {
    let row = state.characters.restore(&caller, id).await?;
    Ok(Json(Character::of(&state.characters, row).await))
}
