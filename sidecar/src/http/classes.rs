//! `GET /character-classes`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::AnonymousPeer;
use serde::Serialize;

use crate::state::AppState;

/// A class that a character may have.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CharacterClass {
    /// Its id, for `POST /characters`.
    id: String,
    /// Its name.
    name: String,
    /// Its description.
    description: String,
}

/// List the classes that a character may have.
#[utoipa::path(
    get, path = "/character-classes", operation_id = "list_classes", tag = "characters",
    responses(
        (status = 200, body = Vec<CharacterClass>),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
    ),
)]
pub async fn list(State(state): State<AppState>, _peer: AnonymousPeer) -> Json<Vec<CharacterClass>> {
    let classes = state.classes.all().iter().map(|class| CharacterClass {
        id: class.id.clone(),
        name: class.name.clone(),
        description: class.description.clone(),
    });
    Json(classes.collect())
}
