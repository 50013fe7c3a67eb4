//! What stands around every route.

mod deadline;
mod figures;
mod headers;
mod trace;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderValue, Method, request};
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use trace::TraceId;

use crate::error::{Error, ErrorCode};
use crate::state::AppState;

/// Most bytes in a body.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// For the listener that browsers speak with.
pub(super) fn public(routes: Router<AppState>, state: &AppState) -> Router {
    // Named last, so that what CORS answers by itself has a name too.
    around(with_fallbacks(routes, state), state).layer(cors(state)).layer(from_fn(trace::trace))
}

/// For listeners that no browser speaks with.
pub(super) fn internal(routes: Router<AppState>, state: &AppState) -> Router {
    bare(with_fallbacks(routes, state), state)
}

/// For a router that answers everything by itself.
pub(super) fn bare(routes: Router, state: &AppState) -> Router {
    around(routes, state).layer(from_fn(trace::trace))
}

fn with_fallbacks(routes: Router<AppState>, state: &AppState) -> Router {
    routes
        .fallback(|| async { Error::from(ErrorCode::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(ErrorCode::MethodNotAllowed) })
        .with_state(state.clone())
}

/// The last layer sees a request first.
fn around(routes: Router, state: &AppState) -> Router {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(|request, next| deadline::deadline(deadline::DEADLINE, request, next)))
        .layer(from_fn_with_state(state.clone(), figures::figures))
        .layer(from_fn(headers::security_headers))
}

/// Browsers' pages, by `ALLOWED_ORIGINS`. There are no cookies, so nothing is sent that the page did not put there.
fn cors(state: &AppState) -> CorsLayer {
    let origins = state.config.gateway.origins.clone();
    let allowed = move |origin: &HeaderValue, request: &request::Parts| {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
        origin.to_str().is_ok_and(|origin| origins.allows(origin, host))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, trace::REQUEST_ID])
        .expose_headers([RETRY_AFTER, trace::REQUEST_ID])
        .max_age(std::time::Duration::from_secs(600))
}
