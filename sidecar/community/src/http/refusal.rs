//! How calls below `/api/v1` are refused. Every refusal is counted and logged here, once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::status_of;
use serde_json::{Value, json};

/// What is wrong with a field.
pub type Fault = Cow<'static, str>;
/// Complaints by field.
pub type Fields = BTreeMap<&'static str, Vec<Fault>>;

/// An answer that is not a success. Its cause is only for the log.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: Body,
    retry_after_s: Option<u64>,
    cause: Option<anyhow::Error>,
}

#[derive(Debug)]
enum Body {
    Json(Value),
    Text(&'static str),
}

/// The body of most errors.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes")]
pub struct Refused {
    /// An error code, or a sentence.
    error: Option<Value>,
    /// A message for people.
    message: Option<String>,
    /// Errors by field; or `detail` if the request as a whole is invalid.
    errors: Option<Value>,
    /// Errors by field.
    details: Option<Value>,
    /// Maximum number of a script's arguments, if there were more.
    max: Option<u64>,
    /// Maximum size of a script's arguments in bytes, if they were larger.
    max_bytes: Option<u64>,
}

impl Refusal {
    /// `{"error": …}`.
    pub fn error(status: StatusCode, code: &'static str) -> Self {
        Self::json(status, json!({"error": code}))
    }

    /// Whether it is 401.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// `{"error": …, "message": …}`.
    pub fn explained(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self::json(status, json!({"error": code, "message": message}))
    }

    /// Complaints about fields: `{"error": "invalid_data", "errors": {…}}`.
    pub fn invalid_data(fields: &Fields) -> Self {
        Self::json(StatusCode::BAD_REQUEST, json!({"error": "invalid_data", "errors": fields}))
    }

    /// Complaints about the fields of an administrator's call.
    pub fn validation_failed(fields: &Fields) -> Self {
        Self::json(StatusCode::UNPROCESSABLE_ENTITY, json!({"error": "validation_failed", "errors": fields}))
    }

    /// Complaints about fields in place of a code: `{"error": {…}}`.
    pub fn fields(status: StatusCode, fields: &Fields) -> Self {
        Self::json(status, json!({"error": fields}))
    }

    /// Complaints beside an error of its own: `{"error": …, "details": {…}}`.
    pub fn with_details(error: &'static str, fields: &Fields) -> Self {
        Self::json(StatusCode::BAD_REQUEST, json!({"error": error, "details": fields}))
    }

    /// `{"error": …}`, and after how many seconds to try again.
    pub fn later(status: StatusCode, code: &'static str, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::error(status, code) }
    }

    /// A body of its own shape.
    pub fn told(status: StatusCode, body: Value) -> Self {
        Self::json(status, body)
    }

    /// Something is missing without which the call means nothing, or it cannot be read.
    pub fn bad_request() -> Self {
        Self::detail(StatusCode::BAD_REQUEST)
    }

    /// There is no such route.
    pub fn no_route() -> Self {
        Self::detail(StatusCode::NOT_FOUND)
    }

    /// An operator has switched the route off.
    pub fn switched_off() -> Self {
        Self { body: Body::Text("Not Found"), ..Self::no_route() }
    }

    /// `{"errors": {"detail": …}}` with the status's own name.
    pub fn detail(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
            other => other.canonical_reason().unwrap_or("Error"),
        };
        Self::json(status, json!({"errors": {"detail": detail}}))
    }

    /// How the call has ended, for figures: `limited` where it may be made again later, `failed` where that is our fault.
    pub(crate) fn result(&self) -> &'static str {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "limited",
            status if status.is_server_error() => "failed",
            _ => "refused",
        }
    }

    fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body: Body::Json(body), retry_after_s: None, cause: None }
    }
}

/// Errors of the platform's parts, which all services share, in the shape of these routes.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, retry_after_s) = (status_of(error.code), error.retry_after_s);
        let refusal = match error.code {
            ErrorCode::Unauthorized => Self::error(status, "Invalid authentication token"),
            ErrorCode::RateLimited => Self::error(status, "Too Many Requests"),
            ErrorCode::Overloaded => Self::error(status, "overloaded"),
            ErrorCode::AlreadyOnline => Self::error(status, "already_online"),
            _ => Self::detail(StatusCode::INTERNAL_SERVER_ERROR),
        };
        Self { retry_after_s, cause: Some(anyhow::Error::new(error)), ..refusal }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        metrics::counter!("realmgate_community_refusals_total", "status" => status.as_str().to_owned()).increment(1);
        match &self.cause {
            Some(cause) if status == StatusCode::INTERNAL_SERVER_ERROR => tracing::error!(%cause, "request failed"),
            cause => tracing::debug!(%status, ?cause, "request refused"),
        }
        let mut response = match self.body {
            Body::Json(body) => (status, Json(body)).into_response(),
            Body::Text(text) => (status, text).into_response(),
        };
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
