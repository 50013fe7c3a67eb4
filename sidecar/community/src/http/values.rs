//! `/kv`: values that scripts keep.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::{Data, Input, PathId, Player, Refusal, Refused};
use crate::hooks::is_key;
use crate::state::Community;
use crate::store::ValueKey;

/// Read a value that a script has stored.
#[utoipa::path(
    get, path = "/kv/{key}", operation_id = "get_kv", tag = "Hooks", security(("access_token" = [])),
    params(
        ("key" = String, Path, description = "The key"),
        ("user_id" = Option<String>, Query, description = "Account id, for a value of a user"),
        ("lobby_id" = Option<String>, Query, description = "Lobby id, for a value of a lobby"),
    ),
    responses((status = 200, body = Data<Value>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn get_kv(
    State(community): State<Community>,
    Player(caller): Player,
    PathId(key): PathId,
    input: Input,
) -> Result<Json<Data<Value>>, Refusal> {
    if !is_key(&key) {
        return Err(Refusal::error(StatusCode::NOT_FOUND, "not_found"));
    }
    let key = ValueKey { key, user: owner(&input, "user_id")?, lobby: owner(&input, "lobby_id")? };
    Ok(Json(Data { data: community.hooks.read_value(&caller, &key).await? }))
}

fn owner<T: std::str::FromStr>(input: &Input, name: &str) -> Result<Option<T>, Refusal> {
    let given = input.text(name).map(|id| id.parse().map_err(|_| Refusal::bad_request()));
    given.transpose()
}
