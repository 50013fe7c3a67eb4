//! `/hooks`: scripts that players call.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use realmgate_hooks::CallError;
use realmgate_platform::error::{Error, ErrorCode};
use serde_json::{Value, json};

use super::{Data, Input, Player, Refusal, Refused};
use crate::hooks::{Callable, HookError};
use crate::state::Community;

/// A call of a script's function.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: what is missing has a code of its own")]
pub(super) struct HookCall {
    /// Name of the plugin.
    plugin: String,
    /// Name of its function.
    r#fn: String,
    /// The arguments: at most 32 values, and 64 KiB in total.
    args: Option<Vec<Value>>,
}

/// Call a function of a script.
#[utoipa::path(
    post, path = "/hooks/call", operation_id = "call_hook", tag = "Hooks", security(("access_token" = [])),
    request_body = HookCall,
    responses((status = 200, body = Data<Value>), (status = 413, body = Refused, description = "The arguments are too large")),
)]
pub(super) async fn call_hook(
    State(community): State<Community>,
    Player(caller): Player,
    input: Input,
) -> Result<Json<Data<Value>>, Refusal> {
    let data = community.hooks.call(caller.account, input.fields()?).await?;
    Ok(Json(Data { data }))
}

/// List the functions that players may call.
#[utoipa::path(
    get, path = "/hooks", operation_id = "list_hooks", tag = "Hooks", security(("access_token" = [])),
    responses((status = 200, body = Data<Vec<Callable>>)),
)]
pub(super) async fn list_hooks(State(community): State<Community>, _: Player) -> Json<Data<Vec<Callable>>> {
    Json(Data { data: community.hooks.list() })
}

impl From<HookError> for Refusal {
    fn from(error: HookError) -> Self {
        let code = error.code().to_owned();
        let bad = |body: Value| Self::told(StatusCode::BAD_REQUEST, body);
        match error {
            HookError::TooManyArgs(max) => bad(json!({"error": code, "max": max})),
            HookError::Exception { reference, details: None } => bad(json!({"error": code, "reference": reference})),
            HookError::Exception { reference, details } => {
                bad(json!({"error": code, "reference": reference, "details": details}))
            }
            HookError::TooManyCalls => Self::later(StatusCode::TOO_MANY_REQUESTS, "too_many_calls", 1),
            HookError::Call(CallError::Off) => Self::told(StatusCode::SERVICE_UNAVAILABLE, json!({"error": code})),
            HookError::ArgsTooLarge(max) => {
                Self::told(StatusCode::PAYLOAD_TOO_LARGE, json!({"error": code, "max_bytes": max}))
            }
            HookError::Call(CallError::Busy) => Error { retry_after_s: Some(1), ..ErrorCode::Overloaded.into() }.into(),
            HookError::Store(error) => error.into(),
            HookError::Gone => Self::told(StatusCode::UNAUTHORIZED, json!({"error": code})),
            HookError::Invalid | HookError::Reserved | HookError::Call(_) => bad(json!({"error": code})),
        }
    }
}
