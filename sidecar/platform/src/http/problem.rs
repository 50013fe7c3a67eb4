//! Errors as RFC 9457 problem documents. Every error is logged and counted here, once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::{Error, ErrorCode};

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`; `code` identifies the error.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The general meaning of the code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The description of this error.
    detail: String,
    /// The stable code for programs, in capital letters.
    #[schema(example = "USERNAME_TAKEN")]
    code: &'static str,
    /// With status 422: the errors by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, Vec<String>>,
}

/// 498, which is in no standard: an access token that is invalid or expired, as gateways answer it.
static INVALID_TOKEN: LazyLock<StatusCode> =
    LazyLock::new(|| StatusCode::from_u16(498).unwrap_or(StatusCode::UNAUTHORIZED));

/// The HTTP status that a code is answered with.
pub fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::BadMessage | ErrorCode::CalledOff => StatusCode::BAD_REQUEST,
        ErrorCode::Validation => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Unauthorized
        | ErrorCode::InvalidCredentials
        | ErrorCode::InvalidRefreshToken
        | ErrorCode::ServiceTokenRequired => StatusCode::UNAUTHORIZED,
        ErrorCode::InvalidToken => *INVALID_TOKEN,
        ErrorCode::Forbidden | ErrorCode::EntryRefused => StatusCode::FORBIDDEN,
        ErrorCode::NotFound | ErrorCode::CharacterNotFound | ErrorCode::MapNotFound | ErrorCode::ServerNotFound => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        ErrorCode::MapFull | ErrorCode::Timeout | ErrorCode::Overloaded | ErrorCode::ServiceUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::UsernameTaken
        | ErrorCode::NameTaken
        | ErrorCode::TooManyCharacters
        | ErrorCode::CharacterInWorld
        | ErrorCode::CharacterDeleted
        | ErrorCode::AlreadyOnline
        | ErrorCode::ServerIdTaken => StatusCode::CONFLICT,
        ErrorCode::MapServerUnreachable | ErrorCode::ServiceUnreachable => StatusCode::BAD_GATEWAY,
        ErrorCode::ServiceTimeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (code, status) = (self.code, status_of(self.code));
        metrics::counter!("realmgate_http_refusals_total", "code" => code.as_str()).increment(1);
        if code == ErrorCode::Internal {
            tracing::error!(error = %self, "request failed");
        } else {
            tracing::debug!(error = %self, "request refused");
        }

        let problem = Problem {
            kind: "about:blank",
            title: code.title(),
            status: status.as_u16(),
            detail: self.detail.into_owned(),
            code: code.as_str(),
            errors: self.fields,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(code, ErrorCode::InvalidToken) || status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
