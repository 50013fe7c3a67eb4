//! A deadline for every request.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorCode};

/// Answers `TIMEOUT` if the handler does not answer in time. For a WebSocket, the time until it is open counts.
pub(super) async fn within(deadline: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::from(ErrorCode::Timeout).into_response(),
    }
}
