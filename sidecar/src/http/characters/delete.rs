//! `DELETE /characters/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::tokens::Caller;

use super::path::CharacterPath;
use crate::state::AppState;

/// Delete one of your characters.
///
/// Until `deletes_at_ms` the character is listed and can be restored, and cannot enter the world. Then it is removed, and
/// its name is free.
#[utoipa::path(
    delete, path = "/characters/{id}", tag = "characters", security(("access_token" = [])),
    params(("id" = String, Path, description = "The character's id")),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "FORBIDDEN"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "CHARACTER_NOT_FOUND"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "CHARACTER_IN_WORLD, ALREADY_ONLINE"),
    ),
)]
pub(crate) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    CharacterPath(id): CharacterPath,
) -> Result<StatusCode, Error> {
    state.characters.delete(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
