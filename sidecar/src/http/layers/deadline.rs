//! A deadline for every request.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorCode};

/// Longer than any hand-over that a call may have to wait for.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Answers `TIMEOUT` if the handler does not answer in time. For a WebSocket, the time until it is open counts.
pub(super) async fn deadline(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::from(ErrorCode::Timeout).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_stuck_handler_is_answered_for() {
        let layer = from_fn(|request, next| deadline(Duration::ZERO, request, next));
        let app = Router::new().route("/", get(std::future::pending::<()>)).layer(layer);
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
