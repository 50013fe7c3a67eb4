//! `POST /characters`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::Valid;
use realmgate_platform::tokens::Caller;
use serde::Deserialize;

use super::Character;
use crate::service::names::Name;
use crate::state::AppState;

/// A new character.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct CreateCharacter {
    /// 3 to 24 letters of one script, digits 0 to 9, spaces, `'` and `-`, beginning with a letter. It is stored in normal form
    /// NFKC. Names that differ only in case, or look alike, count as the same name.
    #[serde(default)]
    #[garde(custom(name_rule))]
    #[schema(required = true, min_length = 3, max_length = 24, pattern = r"^[^\s\d'-]\S*( \S+)*$")]
    name: String,
    /// One of `GET /character-classes`.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = 48))]
    #[schema(required = true, min_length = 1, max_length = 48)]
    class_id: String,
}

pub(super) fn name_rule(text: &str, _: &()) -> garde::Result {
    Name::parse(text).map(drop).map_err(garde::Error::new)
}

/// Create a character.
#[utoipa::path(
    post, path = "/characters", tag = "characters", security(("access_token" = [])),
    request_body = CreateCharacter,
    responses(
        (status = 201, body = Character),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "UNAUTHORIZED"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "NAME_TAKEN, TOO_MANY_CHARACTERS, ALREADY_ONLINE"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "RATE_LIMITED: too many characters created within a day"),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Valid(body): Valid<CreateCharacter>,
) -> Result<(StatusCode, Json<Character>), Error> {
    let row = state.characters.create(&caller, &body.name, &body.class_id).await?;
    Ok((StatusCode::CREATED, Json(Character::of(&state.characters, row).await)))
}
