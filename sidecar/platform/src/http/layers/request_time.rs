//! Says in the answer how long the request took, for whoever develops a client.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::clock::Clock;

/// The header that says it, in milliseconds: `1.234ms`.
pub(super) const REQUEST_TIME: HeaderName = HeaderName::from_static("x-request-time");

/// Times the request, and tells its caller.
pub(super) async fn tell(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let began = clock.uptime();
    let mut response = next.run(request).await;
    let took = clock.uptime().saturating_sub(began);
    let text = format!("{:.3}ms", took.as_secs_f64() * 1_000.0);
    if let Ok(value) = HeaderValue::try_from(text) {
        response.headers_mut().insert(REQUEST_TIME, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn it_is_told_in_milliseconds() {
        let clock = Clock::manual(0);
        let passing = clock.clone();
        let handler = move || {
            let passing = passing.clone();
            async move { passing.advance(Duration::from_millis(1_250)) }
        };
        let app = Router::new().route("/", get(handler)).layer(from_fn_with_state(clock, tell));
        let answer = app.oneshot(Request::builder().uri("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers()[REQUEST_TIME], "1250.000ms");
    }
}
