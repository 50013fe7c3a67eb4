//! The world's own page: `GET /` shows the world, `GET /play` is the game in the browser,
//! and `GET /admin` what administrators need.
//!
//! Documents are asked for again and again; whatever they load has an address that changes with its content, so that
//! browsers and networks in between keep it for good.

mod comments;
mod documents;
mod file;
mod pictures;
mod program;

pub use documents::Documents;
pub use pictures::Pictures;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::AppState;
use file::{Caching, File};
use program::PROGRAM;

/// Routes of the page.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(|state, headers| document(state, headers, Documents::landing)))
        .route("/admin", get(|state, headers| document(state, headers, Documents::admin)))
        .route("/play", get(|state, headers| document(state, headers, Documents::play)))
        .route("/favicon.ico", get(emblem))
        .route("/assets.json", get(list))
}

/// Routes of all that it loads, for good.
pub fn files() -> Router<AppState> {
    Router::new().route("/files/{hash}/{*name}", get(part)).route("/assets/{*address}", get(picture))
}

/// Routes of what the theme adds, for good. The pages beside the realm's own load it too.
pub fn files_of_theme() -> Router<AppState> {
    Router::new().route("/theme/{hash}/{name}", get(of_theme))
}

/// Only our own scripts and styles run. They speak with this host, with the map servers, wherever those are, and with the
/// host of the pictures.
fn policy(pictures_from: Option<&str>) -> String {
    // All below a folder are meant by it only with the slash.
    let pictures_from = pictures_from.map(|base| format!("{base}/")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: {pictures_from}; \
         connect-src 'self' ws: wss: https: {pictures_from}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

async fn document(State(state): State<AppState>, asked: HeaderMap, which: fn(&Documents) -> &File) -> Response {
    let mut response = which(&state.documents).answer(&asked, Caching::Asks).await;
    if let Ok(policy) = HeaderValue::try_from(policy(state.config.assets_base_url.as_deref())) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn part(Path((hash, name)): Path<(String, String)>, asked: HeaderMap) -> Response {
    match PROGRAM.file(&hash, &name) {
        Some(file) => as_no_document(file.answer(&asked, Caching::ForGood).await),
        None => missing(),
    }
}

async fn of_theme(
    State(state): State<AppState>,
    Path((hash, name)): Path<(String, String)>,
    asked: HeaderMap,
) -> Response {
    match state.documents.of_theme(&hash, &name) {
        Some(file) => as_no_document(file.answer(&asked, Caching::ForGood).await),
        None => missing(),
    }
}

/// What browsers ask for by themselves.
async fn emblem(State(state): State<AppState>, asked: HeaderMap) -> Response {
    match state.pictures.named("pictures/ui/emblem.png") {
        Some(file) => file.answer(&asked, Caching::Asks).await,
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn list(State(state): State<AppState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], state.pictures.list())
}

async fn picture(State(state): State<AppState>, Path(address): Path<String>, asked: HeaderMap) -> Response {
    let Some(file) = state.pictures.file(&address) else { return missing() };
    let mut response = as_no_document(file.answer(&asked, Caching::ForGood).await);
    // They hold no secrets, and a network that delivers them keeps one answer for the pages of all hosts.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Another replica may have it, of an older or a newer version: nobody keeps this answer.
fn missing() -> Response {
    (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")]).into_response()
}

/// Whoever opens such an address by itself gets nothing that runs: a map is XML, and may come from anywhere.
fn as_no_document(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}
