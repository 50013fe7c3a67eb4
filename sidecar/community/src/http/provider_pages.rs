//! Where a provider sends a user's browser back to, and the page on which that ends.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use realmgate_platform::http::escaped;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::pages::paragraph;
use super::providers::FLOW_COOKIE;
use super::{Anybody, Input, PathId, Refusal};
use crate::oauth::{FlowPage, Parameters, Question};
use crate::state::Community;

#[derive(Deserialize)]
struct Answer {
    session_id: String,
    answer: String,
}

/// Routes of the pages.
pub(super) fn router<S: Clone + Send + Sync + 'static>(community: &Community) -> Router<S> {
    Router::new()
        .route("/auth/{provider}/callback", get(come_back).post(come_back))
        .route("/auth/success", get(open).post(answer))
        .with_state(community.clone())
}

/// By the query of a GET, or by the form of a POST, which Apple sends. The other part of the request counts for nothing.
async fn come_back(
    State(community): State<Community>,
    _: Anybody,
    PathId(provider): PathId,
    method: Method,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Refusal> {
    let encoded = if method == Method::POST { &body[..] } else { query.as_deref().unwrap_or_default().as_bytes() };
    let Some(said) = Parameters::read(encoded) else { return Ok(no_such_flow(&community)) };
    Ok(match community.sign_in.come_back(&provider, &said).await? {
        // To a page of its own, also because browsers send no cookie with the form of another site, which Apple's is.
        Some(page) => Redirect::to(&format!("/auth/success?session_id={page}")).into_response(),
        None => no_such_flow(&community),
    })
}

/// The page of a flow: its address speaks of success, as programs expect, also of one that has failed.
async fn open(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    headers: HeaderMap,
    input: Input,
) -> Result<Response, Refusal> {
    let page = input.text("session_id").unwrap_or_default();
    let cookie = FLOW_COOKIE.read(community.is_https, &headers);
    let shown = community.sign_in.page(peer.into(), page, cookie).await?;
    Ok(show(&community, page, shown))
}

/// The button of that page.
async fn answer(State(community): State<Community>, peer: Peer, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Answer { session_id: page, answer } = input.fields()?;
    let shown = community.sign_in.answer(peer.into(), &page, answer == "yes").await?;
    Ok(show(&community, &page, shown))
}

fn show(community: &Community, page: &str, shown: Option<FlowPage>) -> Response {
    let said = |title, text: &str| community.pages.page(StatusCode::OK, title, &paragraph(text));
    match shown {
        Some(FlowPage::Asks(question)) => {
            let title = if question.link.is_some() { "Link this account?" } else { "Log in?" };
            community.pages.page(StatusCode::OK, title, &form(&question, page))
        }
        Some(FlowPage::Done) => {
            let done = said("Done", "Go back to the game. You can close this page.");
            ([(SET_COOKIE, FLOW_COOKIE.remove(community.is_https))], done).into_response()
        }
        Some(FlowPage::Working) => said("One moment", "This is in progress. Reload the page."),
        Some(FlowPage::Failed(text)) => said("That did not work", &text),
        Some(FlowPage::OtherBrowser) => {
            let text = "Another browser started this login, so it is stopped. If somebody sent you a link to this page, they \
                        tried to get your account. To log in, start on the page of the game.";
            community.pages.page(StatusCode::FORBIDDEN, "Login stopped", &paragraph(text))
        }
        None => no_such_flow(community),
    }
}

/// Who asks, what happens, and the code that the game shows.
fn form(question: &Question, page: &str) -> String {
    let Question { provider, who, link, asker, code } = question;
    let account = match who.is_empty() {
        true => format!("your {} account", provider.title()),
        false => format!("your {} account {who}", provider.title()),
    };
    let (what, button) = match link {
        Some(username) => {
            (format!("A game at {asker} asks to link {account} to the account {username} here."), "Link it")
        }
        None => (format!("A game at {asker} asks to log in here with {account}."), "Log in"),
    };
    let warning = "Continue only if you have just started this in your own game, and it shows this code. If somebody sent you \
                   here, they would get your account.";
    format!(
        r#"{}<p class="code">{code}</p>{}<form method="post" action="/auth/success">
<input type="hidden" name="session_id" value="{}">
<button name="answer" value="yes">{button}</button>
<button name="answer" value="no" class="quiet">No, I did not start this</button></form>"#,
        paragraph(&what),
        paragraph(warning),
        escaped(page),
    )
}

/// No flow of ours has led here: it may be somebody else's trick.
fn no_such_flow(community: &Community) -> Response {
    let text = "This login has ended, or was not started here. Start again in the game.";
    community.pages.page(StatusCode::FORBIDDEN, "Login not found", &paragraph(text))
}
