//! `PATCH /characters/{id}`.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::Valid;
use realmgate_platform::tokens::Caller;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Character;
use super::create::name_rule;
use super::path::CharacterPath;
use crate::service::appearance;
use crate::service::names::Name;
use crate::state::AppState;

/// Fields to change. A missing or null field stays unchanged.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct UpdateCharacter {
    /// The new name, with the same rules as at creation.
    #[garde(inner(custom(name_rule)))]
    #[schema(min_length = 3, max_length = 24, pattern = r"^[^\s\d'-]\S*( \S+)*$")]
    name: Option<String>,
    /// The new appearance, which replaces the old one: a flat object of strings, numbers and booleans, at most 128 bytes as
    /// JSON without spaces.
    #[garde(inner(custom(appearance_rule)))]
    #[schema(value_type = Option<Object>)]
    appearance: Option<Map<String, Value>>,
}

fn appearance_rule(appearance: &Map<String, Value>, _: &()) -> garde::Result {
    appearance::fault(appearance).map_or(Ok(()), |fault| Err(garde::Error::new(fault)))
}

/// Rename one of your characters or change its appearance, while it is not in the world.
#[utoipa::path(
    patch, path = "/characters/{id}", tag = "characters", security(("access_token" = [])),
    params(("id" = String, Path, description = "The character's id")),
    request_body = UpdateCharacter,
    responses(
        (status = 200, body = Character),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "FORBIDDEN"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "CHARACTER_NOT_FOUND"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "NAME_TAKEN, CHARACTER_IN_WORLD, CHARACTER_DELETED, ALREADY_ONLINE"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "RATE_LIMITED: renamed too recently"),
    ),
)]
pub(crate) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    CharacterPath(id): CharacterPath,
    Valid(body): Valid<UpdateCharacter>,
) -> Result<Json<Character>, Error> {
    let name = body.name.map(|name| Name::parse(&name)).transpose().map_err(|fault| Error::field("name", fault))?;
    let appearance = body.appearance.as_ref().map(appearance::written);
    let appearance = appearance.as_ref().map(Option::as_deref);
    let row = state.characters.change(&caller, id, name.as_ref(), appearance).await?;
    Ok(Json(Character::of(&state.characters, row).await))
}
