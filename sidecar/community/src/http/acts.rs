//! `/admin/acts`: what administrators have done, and the layer that records it.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::callers::Admitted;
use super::input::content_type;
use super::{Admin, Input, Listed, MAX_ADMIN_BODY_BYTES, Page, Refusal, Refused};
use crate::state::Community;
use crate::store::{ActRow, NewAct};
use crate::time::iso;

/// Fields that a call may have; the largest has ten.
const MOST_FIELDS: usize = 32;
/// Longest name of a field, in bytes.
const NAME_BYTES: usize = 64;
/// How much of a field's value is kept, in bytes.
const VALUE_BYTES: usize = 512;
/// What the names of secrets contain.
const SECRETS: [&str; 3] = ["password", "secret", "token"];

/// An entry of the audit log: a request of an administrator that changes something, or a login.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Act {
    /// The entry's id.
    id: String,
    /// The administrator's account id.
    user_id: String,
    /// The administrator's user name; empty if the account was deleted.
    username: String,
    /// User name of the account that the request changed; empty if it changed none, or the account was deleted.
    subject: String,
    /// The HTTP method; `LOG IN` for a login.
    method: String,
    /// The path below `/api/v1`; empty for a login.
    path: String,
    /// The fields of query and body as JSON, without secrets. Each value is cut at 512 bytes.
    body: String,
    /// The status of the response; 0 if the server ended before it.
    status: u16,
    /// Time of the request, ISO 8601.
    inserted_at: String,
}

impl From<ActRow> for Act {
    fn from(row: ActRow) -> Self {
        Self {
            id: row.id.to_string(),
            user_id: row.account.to_string(),
            username: row.username,
            subject: row.subject,
            method: row.method,
            path: row.path,
            body: row.body,
            status: row.status,
            inserted_at: iso(row.at_ms),
        }
    }
}

/// List the audit log of administrators, newest first.
#[utoipa::path(
    get, path = "/admin/acts", operation_id = "admin_list_acts", tag = "Admin", security(("access_token" = [])),
    params(
        ("page" = Option<String>, Query, description = "Page number, from 1; only the newest 1,000 entries have pages"),
        ("page_size" = Option<String>, Query, description = "Rows per page: 25 by default, at most LIMIT_MAX_PAGE_SIZE (100)"),
        ("before" = Option<String>, Query, description = "Id of an entry: only older entries, with page numbers from 1"),
    ),
    responses((status = 200, body = Listed<Act>), (status = 403, body = Refused)),
)]
pub(super) async fn admin_list_acts(
    State(community): State<Community>,
    _: Admin,
    input: Input,
) -> Result<Json<Listed<Act>>, Refusal> {
    let page = Page::of(&input, &community.settings.limits);
    let before = match input.text("before") {
        Some(id) => Some(id.parse().map_err(|_| Refusal::error(StatusCode::BAD_REQUEST, "invalid_id"))?),
        None => None,
    };
    let (rows, total) = community.acts.list(before, page.limit(), page.offset()).await?;
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
    let sent = to_bytes(body, MAX_ADMIN_BODY_BYTES).await.map_err(too_large)?;
    // As the handler will read it.
    let input = Input::read(parts.uri.query().unwrap_or_default(), content_type(&parts.headers), &sent)?;
    let (id, path, method) = (Uuid::now_v7(), parts.uri.path().to_owned(), parts.method.clone());
    let act = NewAct {
        id,
        account: caller.account,
        method: method.as_str(),
        path: &path,
        body: &kept(input.said())?,
        at_ms: community.http.clock.now_ms(),
    };
    community.acts.begin(&act).await?;
    let response = next.run(Request::from_parts(parts, Body::from(sent))).await;
    if let Err(error) = community.acts.end(id, response.status().as_u16()).await {
        tracing::warn!(%error, %id, "saving a response's status in the audit log failed");
    }
    Ok(response)
}

/// What a call says, as it is kept: every field by its name, so that none hides another.
///
/// # Errors
/// 400 for more or longer names than any call of an administrator has.
fn kept(said: &Map<String, Value>) -> Result<String, Refusal> {
    if said.len() > MOST_FIELDS || said.keys().any(|name| name.len() > NAME_BYTES) {
        let message = "An administrator's request has at most 32 fields, with names of at most 64 bytes";
        return Err(Refusal::explained(StatusCode::BAD_REQUEST, "too_many_fields", message));
    }
    if said.is_empty() {
        return Ok(String::new());
    }
    let mut said = Value::Object(said.clone());
    hide(&mut said);
    if let Value::Object(fields) = &mut said {
        fields.values_mut().for_each(cut);
    }
    Ok(said.to_string())
}

/// Replaces a long value by how its text begins.
fn cut(value: &mut Value) {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.len() > VALUE_BYTES {
        *value = Value::from(format!("{}…", &text[..text.floor_char_boundary(VALUE_BYTES)]));
    }
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
    use serde_json::json;

    use super::*;

    fn read(said: Value) -> Result<Value, Refusal> {
        let Value::Object(said) = said else { panic!("{said} is no object") };
        kept(&said).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn secrets_are_not_kept() {
        let said = json!({
            "name": "a", "Password": "x", "list": [{"api_token": 7, "b": null}], "client_secret": {"c": "d"},
        });
        let expected = json!({
            "name": "a", "Password": "…", "list": [{"api_token": "…", "b": null}], "client_secret": "…",
        });
        assert_eq!(read(said).unwrap(), expected);
        assert_eq!(kept(&Map::new()).unwrap(), "");
    }

    #[test]
    fn a_long_value_hides_no_other_field() {
        let said = json!({"a": "ä".repeat(4_096), "deep": {"list": vec![1; 4_096]}, "is_admin": true});
        let kept = read(said).unwrap();
        assert_eq!(kept["is_admin"], true);
        assert_eq!(kept["a"], format!("{}…", "ä".repeat(256)));
        assert!(kept["deep"].as_str().unwrap().starts_with("{\"list\":[1,1"));
    }

    #[test]
    fn more_fields_than_any_call_has_are_refused() {
        let fields = |count: usize| (0..count).map(|number| (format!("f{number}"), json!(1))).collect::<Map<_, _>>();
        assert!(kept(&fields(MOST_FIELDS)).is_ok());
        assert!(kept(&fields(MOST_FIELDS + 1)).is_err());
        assert!(read(json!({"x".repeat(NAME_BYTES + 1): 1})).is_err());
    }
}
