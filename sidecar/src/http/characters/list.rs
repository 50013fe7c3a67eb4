//! `GET /characters`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::tokens::Caller;

use super::Character;
use crate::state::AppState;

/// List your characters, oldest first.
#[utoipa::path(
    get, path = "/characters", tag = "characters", security(("access_token" = [])),
    responses(
        (status = 200, body = Vec<Character>),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
    ),
)]
pub(crate) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<Vec<Character>>, Error> {
    // Who looks at the list may look for long.
    state.accounts.keep_waiting(&caller).await?;
    let rows = state.characters.list(&caller).await?;
    let beginning = state.characters.beginning_of(&rows).await;
    Ok(Json(rows.into_iter().map(|row| Character::new(&state.classes, row, beginning)).collect()))
}
