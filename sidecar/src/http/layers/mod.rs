//! What stands around every route.

mod deadline;
mod figures;
mod headers;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderValue, Method, request};
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::error::{Error, ErrorCode};
use crate::state::AppState;

/// Most bytes in a body.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// For the listener that browsers speak with.
pub(super) fn public(routes: Router<AppState>, state: &AppState) -> Router {
    internal(routes, state).layer(cors(state))
}

/// For every listener. The last layer sees a request first.
pub(super) fn internal(routes: Router<AppState>, state: &AppState) -> Router {
    routes
        .fallback(|| async { Error::from(ErrorCode::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(ErrorCode::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(|request, next| deadline::deadline(deadline::DEADLINE, request, next)))
        .layer(from_fn_with_state(state.clone(), figures::figures))
        .layer(from_fn(headers::security_headers))
        .with_state(state.clone())
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
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(600))
}
