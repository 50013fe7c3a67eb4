//! `DELETE /characters/{id}`.

use axum::extract::State;
use axum::http::StatusCode;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::tokens::Caller;

use super::path::CharacterPath;
use crate::state::AppState;

/// Delete one of one's characters: it is listed with `deletes_at_ms` and can be restored until then, and cannot enter the
/// world. Its name is free when it is gone.
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
