//! The world's own page: `GET /` shows the world, `GET /play` is the game in the browser,
//! and `GET /admin` what administrators need. `GET /game` is another name of `/play`.
//!
//! Documents are asked for again and again; whatever they load has an address that changes with its content, so that
//! browsers and networks in between keep it for good.

mod documents;
mod file;
mod pack;
mod pictures;
mod program;

pub use documents::{Documents, Realm};
pub use pictures::Pictures;

use axum::Router;
use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
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
        .route("/game", get(game))
        .route("/game/", get(game))
        .route("/game/{*rest}", get(game))
        .route("/favicon.ico", get(emblem))
        .route("/manifest.webmanifest", get(manifest))
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
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: {pictures_from}; manifest-src 'self'; \
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

/// Redirects `/game…` to `/play…` with 308. The location is a path of this host, so it leads to no other one.
async fn game(OriginalUri(uri): OriginalUri) -> Redirect {
    Redirect::permanent(&page_of_game(&uri))
}

/// The address of the page for one below `/game`, with the rest of the path and the query unchanged.
fn page_of_game(uri: &Uri) -> String {
    let rest = uri.path().strip_prefix("/game").filter(|rest| *rest != "/").unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("/play{rest}{query}")
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

/// Answers a browser that opens an address at which there is nothing with a page. Programs read the problem as JSON.
pub async fn not_found_page(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_opened = request.method() == Method::GET && accepts_pages(request.headers());
    let response = next.run(request).await;
    if !is_opened || response.status() != StatusCode::NOT_FOUND || is_page(response.headers()) {
        return response;
    }
    let (page, body) = state.community.not_found_page().into_parts();
    let mut head = response.into_parts().0;
    head.headers.remove(CONTENT_LENGTH);
    head.headers.extend(page.headers);
    Response::from_parts(head, body)
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

async fn manifest(State(state): State<AppState>, asked: HeaderMap) -> Response {
    state.documents.manifest().answer(&asked, Caching::Asks).await
}

/// What browsers ask for by themselves.
async fn emblem(State(state): State<AppState>, asked: HeaderMap) -> Response {
    match state.pictures.named("pictures/ui/emblem.png") {
        Some(file) => file.answer(&asked, Caching::Asks).await,
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn list(State(state): State<AppState>, asked: HeaderMap) -> Response {
    match state.pictures.list() {
        Some(file) => file.answer(&asked, Caching::Asks).await,
        None => missing(),
    }
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
