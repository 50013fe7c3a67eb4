//! Middleware around every route, and its order; what pages of other sites may ask (CORS).

mod bodies;
mod deadline;
mod headers;
mod rebinding;
mod request_metrics;
mod request_time;
mod trace;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderValue, Method, request};
use axum::middleware::{from_fn, from_fn_with_state};
use tower::ServiceBuilder;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

pub use trace::{REQUEST_ID, TraceId};

use crate::clock::Clock;
use crate::config::Origins;
use crate::error::{Error, ErrorCode};
use crate::http::HttpState;
use crate::telemetry::Parent;

/// Longer than any hand-over that a call may have to wait for.
const DEADLINE: Duration = Duration::from_secs(30);
/// Maximum size of a request body, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Layers for the listener that browsers use.
pub fn public<S>(routes: Router<S>, state: &S) -> Router
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let http = HttpState::from_ref(state);
    // The outermost layer, so that an answer of the CORS layer has a trace id too.
    around(with_fallbacks(routes, state), &http.clock, DEADLINE)
        .layer(from_fn_with_state(http.clone(), rebinding::refuse))
        .layer(cors(http.origins.clone()))
        .layer(from_fn(trace::trace))
}

/// Layers for files that a page loads by the hundred: no headers but those that matter for a file. Merge it into a router with a fallback.
pub fn files<S>(routes: Router<S>, state: &S) -> Router
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let http = HttpState::from_ref(state);
    let files = around(routes.with_state(state.clone()), &http.clock, DEADLINE);
    files.layer(from_fn_with_state(http, rebinding::refuse))
}

/// A layer for routes that say in `x-request-time` how long each call took.
pub fn timed<S>(routes: Router<S>, state: &S) -> Router<S>
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    routes.layer(from_fn_with_state(HttpState::from_ref(state).clock.clone(), request_time::tell))
}

/// Layers for the listener of browsers' sockets.
pub fn sockets<S>(routes: Router<S>, state: &S) -> Router
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let http = HttpState::from_ref(state);
    let routes = around(with_fallbacks(routes, state), &http.clock, DEADLINE);
    routes.layer(from_fn_with_state(http, rebinding::refuse)).layer(from_fn(trace::trace))
}

/// Layers for the listener in front of services that are not ours. Their answers carry their own headers, their bodies may be of any
/// size and take any time: who passes them on sets the limits.
pub fn proxy<S>(routes: Router<S>, state: &S) -> Router
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let http = HttpState::from_ref(state);
    let cors = cors(http.origins.clone())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request());
    // One stack, the outermost layer first: a router boxes each layer's service and future for itself.
    let layers = ServiceBuilder::new()
        .layer(from_fn(trace::trace))
        .layer(cors)
        .layer(from_fn_with_state(http, rebinding::refuse))
        .layer(DefaultBodyLimit::disable());
    routes.with_state(state.clone()).layer(layers)
}

/// Layers for listeners that browsers do not use.
pub fn internal<S>(routes: Router<S>, state: &S) -> Router
where
    HttpState: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    bare(with_fallbacks(routes, state), &HttpState::from_ref(state).clock)
}

/// Layers for a router that answers every request by itself.
pub fn bare(routes: Router, clock: &Clock) -> Router {
    around(routes, clock, DEADLINE).layer(from_fn(trace::trace))
}

fn with_fallbacks<S: Clone + Send + Sync + 'static>(routes: Router<S>, state: &S) -> Router {
    routes
        .fallback(|| async { Error::from(ErrorCode::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(ErrorCode::MethodNotAllowed) })
        .with_state(state.clone())
}

/// The last layer sees a request first.
fn around(routes: Router, clock: &Clock, deadline: Duration) -> Router {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(bodies::bound))
        .layer(from_fn(move |request, next| deadline::within(deadline, request, next)))
        .layer(from_fn_with_state(clock.clone(), request_metrics::count))
        .layer(from_fn(headers::security_headers))
}

/// CORS for browsers' pages, by `ALLOWED_ORIGINS`. There are no cookies, so nothing is sent that the page did not add.
fn cors(origins: Origins) -> CorsLayer {
    let allowed = move |origin: &HeaderValue, request: &request::Parts| {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        origin.to_str().is_ok_and(|origin| origins.allows(origin, host))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, REQUEST_ID, Parent::HEADER])
        .expose_headers([RETRY_AFTER, REQUEST_ID, request_time::REQUEST_TIME])
        .max_age(Duration::from_secs(600))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_stuck_handler_is_answered_for() {
        let stuck = Router::new().route("/", get(std::future::pending::<()>));
        let app = around(stuck, &Clock::system(), Duration::ZERO);
        let asked = app.oneshot(Request::builder().uri("/").body(Body::empty()).unwrap());
        let answer = tokio::time::timeout(Duration::from_secs(20), asked).await.expect("it is answered").unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let problem: serde_json::Value =
            serde_json::from_slice(&to_bytes(answer.into_body(), 4_096).await.unwrap()).unwrap();
        assert_eq!(problem["code"], "TIMEOUT");
    }
}
