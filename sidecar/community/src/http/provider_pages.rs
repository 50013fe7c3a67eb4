//! Where a provider sends a player's browser back to, and the page that says that it is done.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use realmgate_platform::http::extract::Peer;

use super::pages::paragraph;
use super::{Anybody, Input, PathId, Refusal};
use crate::oauth::{Outcome, Parameters};
use crate::state::Community;

/// Routes of the pages.
pub(super) fn router<S: Clone + Send + Sync + 'static>(community: &Community) -> Router<S> {
    Router::new()
        .route("/auth/{provider}/callback", get(come_back).post(come_back))
        .route("/auth/success", get(outcome))
        .with_state(community.clone())
}

/// By the query of a GET, or by the form of a POST, which Apple sends. The other part of the request counts for nothing.
async fn come_back(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    PathId(provider): PathId,
    method: Method,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Refusal> {
    let encoded = if method == Method::POST { &body[..] } else { query.as_deref().unwrap_or_default().as_bytes() };
    let Some(said) = Parameters::read(encoded) else { return Ok(no_such_flow(&community)) };
    Ok(match community.sign_in.come_back(peer.into(), &provider, &said).await? {
        Some(session) => Redirect::to(&format!("/auth/success?session_id={session}")).into_response(),
        None => no_such_flow(&community),
    })
}

/// What has become of a log-in: its address speaks of success, as programs expect, also of those that failed.
async fn outcome(State(community): State<Community>, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let session = input.text("session_id").unwrap_or_default();
    Ok(match community.sign_in.outcome(session).await? {
        Some(Outcome::Failed(text)) => community.pages.page(StatusCode::OK, "That did not work", &paragraph(&text)),
        Some(Outcome::Done) => {
            community.pages.page(StatusCode::OK, "Done", &paragraph("Go back to the game. You can close this page."))
        }
        None => no_such_flow(&community),
    })
}

/// No flow of ours has led here: it may be somebody else's trick.
fn no_such_flow(community: &Community) -> Response {
    let text = "Nobody here waits for this log-in: it has ended, or was begun elsewhere. Begin again in the game.";
    community.pages.page(StatusCode::FORBIDDEN, "Nothing here", &paragraph(text))
}
