//! A trace id for each request, in its answer and in every log line about it.

use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::telemetry::{self, Parent};

/// The header with the trace id, in requests and in responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest trace id that is accepted from a caller, in bytes.
const MAX_BYTES: usize = 64;

/// The id of a request in logs, on this server and on those that it is passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// A new random id.
    pub fn generate() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The caller's own id for its request, if it is fit for a log: short, of letters, digits and `. _ -`.
    fn shown(value: &HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_sane = (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain);
        is_sane.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TraceId> for String {
    fn from(trace: TraceId) -> Self {
        trace.0
    }
}

/// Gives the request a trace id, and answers with it: its own, else that of the trace that it belongs to, else a new one.
pub(super) async fn trace(mut request: Request, next: Next) -> Response {
    let parent = request.headers().get(Parent::HEADER).and_then(Parent::read);
    let shown = request.headers().get(REQUEST_ID).and_then(TraceId::shown);
    let trace = shown.or_else(|| Some(TraceId(parent?.trace_id()))).unwrap_or_else(TraceId::generate);
    // At the level of errors, since a log of errors alone would lack it otherwise.
    let span = tracing::error_span!("request", %trace);
    telemetry::follow(&span, parent);
    request.extensions_mut().insert(trace.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    telemetry::answered(&span, response.status().as_u16());
    if let Ok(value) = HeaderValue::try_from(String::from(trace)) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_and_plain_names_are_taken() {
        let shown = |text: &str| HeaderValue::from_str(text).ok().and_then(|value| TraceId::shown(&value));
        for good in ["a", "0af7651916cd43dd8448eb211c80319c", "web-1_2.3", &"x".repeat(64)] {
            assert_eq!(shown(good), Some(TraceId(good.to_owned())), "{good}");
        }
        for bad in ["", "two words", "a\"b", "a=b", "é", &"x".repeat(65)] {
            assert_eq!(shown(bad), None, "{bad}");
        }
        assert_ne!(TraceId::generate(), TraceId::generate());
    }
}
