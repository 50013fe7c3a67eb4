//! `/admin/acts`: what administrators have done, and the layer that records it.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::callers::Admitted;
use super::{Admin, Input, Listed, MAX_BODY_BYTES, Page, Refusal, Refused};
use crate::state::Community;
use crate::store::{ActRow, NewAct};
use crate::time::iso;

/// How much of what was sent is kept, in bytes.
const BODY_BYTES: usize = 4_096;
/// What the names of secrets contain.
const SECRETS: [&str; 3] = ["password", "secret", "token"];

/// What an administrator has done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Act {
    /// Its id.
    id: String,
    /// Who has done it.
    user_id: String,
    /// The unique name of that one; empty where the account is gone.
    username: String,
    /// The method of the call.
    method: String,
    /// The path of the call, below `/api/v1`.
    path: String,
    /// What was sent, without secrets, up to 4 KiB.
    body: String,
    /// What was answered; 0 where the server ended before that.
    status: u16,
    /// When, ISO 8601.
    inserted_at: String,
}

impl From<ActRow> for Act {
    fn from(row: ActRow) -> Self {
        Self {
            id: row.id.to_string(),
            user_id: row.account.to_string(),
            username: row.username,
            method: row.method,
            path: row.path,
            body: row.body,
            status: row.status,
            inserted_at: iso(row.at_ms),
        }
    }
}

/// List what administrators have done, the newest first.
#[utoipa::path(
    get, path = "/admin/acts", operation_id = "admin_list_acts", tag = "Admin", security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "From 1"),
        ("page_size" = Option<String>, Query, description = "25 if not given; at most 100, or LIMIT_MAX_PAGE_SIZE"),
    ),
    responses((status = 200, body = Listed<Act>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_list_acts(
    State(community): State<Community>,
    _: Admin,
    input: Input,
) -> Result<Json<Listed<Act>>, Refusal> {
    let page = Page::of(&input, &community.settings.limits);
    let (rows, total) = community.acts.list(page.limit(), page.offset()).await?;
    Ok(Json(page.list(rows.into_iter().map(Act::from).collect(), total)))
}

/// Lets administrators in, and records what they do before it is done.
pub(super) async fn authorize_and_audit(
    State(community): State<Community>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let Admin(caller) = Admin::from_request_parts(&mut parts, &community).await?;
    parts.extensions.insert(Admitted(caller.clone()));
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let too_large = |_| Refusal::detail(StatusCode::PAYLOAD_TOO_LARGE);
    let sent = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
    let (id, path, method) = (Uuid::now_v7(), parts.uri.path().to_owned(), parts.method.clone());
    let act = NewAct {
        id,
        account: caller.account,
        method: method.as_str(),
        path: &path,
        body: &shown(&sent),
        at_ms: community.http.clock.now_ms(),
    };
    community.acts.begin(&act).await?;
    let response = next.run(Request::from_parts(parts, Body::from(sent))).await;
    if let Err(error) = community.acts.end(id, response.status().as_u16()).await {
        tracing::warn!(%error, %id, "what came of an administrator's act is not recorded");
    }
    Ok(response)
}

/// What was sent, as it is kept.
fn shown(sent: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(sent) {
        Ok(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        // Whether it has secrets is not known.
        Err(_) => String::new(),
    };
    text[..text.floor_char_boundary(BODY_BYTES)].replace('\0', "")
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_lowercase();
                if SECRETS.iter().any(|secret| name.contains(secret)) {
                    *value = Value::from("…");
                }
                hide(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        let sent =
            br#"{"name": "a", "Password": "x", "list": [{"api_token": 7, "b": null}], "client_secret": {"c": "d"}}"#;
        let kept: Value = serde_json::from_str(&shown(sent)).unwrap();
        let expected = serde_json::json!({
            "name": "a", "Password": "…", "list": [{"api_token": "…", "b": null}], "client_secret": "…",
        });
        assert_eq!(kept, expected);
        assert_eq!((shown(b"password=x"), shown(b"")), (String::new(), String::new()));
        assert_eq!(shown(format!("\"{}\"", "ä".repeat(4_096)).as_bytes()).len(), 4_095);
    }
}
