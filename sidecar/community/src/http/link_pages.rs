//! The pages that links in mails lead to: forms without a script, for a browser that knows nothing of the game.
//!
//! Opening a link does nothing: programs that look through mails open links too. Only its button does.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::{Anybody, Input, Refusal};
use crate::accounts::rules;
use crate::state::Community;
use crate::store::{Link, MailKind};

/// Nothing runs here, and forms go nowhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const STYLE: &str = include_str!("link_pages.css");
const GONE: &str = "This link was used, or has ended. Ask for another one where you asked for this.";
const FORGOT_FORM: &str = r#"<form method="post" action="/account/forgot">
<label>Your address <input name="email" type="email" autocomplete="email" maxlength="160" required></label>
<button>Send me a link</button></form>"#;

#[derive(Deserialize)]
struct Shown {
    token: String,
    password: Option<String>,
}

#[derive(Deserialize)]
struct Forgot {
    email: String,
}

/// Routes of the pages.
pub(super) fn router<S: Clone + Send + Sync + 'static>(community: &Community) -> Router<S> {
    Router::new()
        .route("/account/link", get(open).post(follow))
        .route("/account/forgot", get(|| async { page(StatusCode::OK, "Another password", FORGOT_FORM) }).post(forgot))
        .route("/account/style.css", get(style))
        .with_state(community.clone())
}

async fn open(State(community): State<Community>, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Shown { token, .. } = input.fields()?;
    Ok(match community.addresses.link(&token).await? {
        Some(link) => page(StatusCode::OK, title(&link), &form(&link, &token, "")),
        None => page(StatusCode::NOT_FOUND, "Nothing here", &paragraph(GONE)),
    })
}

async fn follow(State(community): State<Community>, peer: Peer, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Shown { token, password } = input.fields()?;
    let Some(link) = community.addresses.link(&token).await? else {
        return Ok(page(StatusCode::NOT_FOUND, "Nothing here", &paragraph(GONE)));
    };
    let done = match link.kind {
        MailKind::Reset => {
            let password = password.unwrap_or_default();
            if let Some(fault) = rules::password_fault(&password) {
                let again = form(&link, &token, &paragraph(&format!("The password {fault}.")));
                return Ok(page(StatusCode::BAD_REQUEST, title(&link), &again));
            }
            community.addresses.reset(peer.into(), &token, password).await?;
            "Your password is changed. Log in with it; wherever you were logged in, you are no more."
        }
        _ => {
            community.addresses.confirm(&token).await?;
            "Your address is confirmed. Log in with it."
        }
    };
    Ok(page(StatusCode::OK, "Done", &paragraph(done)))
}

async fn forgot(State(community): State<Community>, peer: Peer, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Forgot { email } = input.fields()?;
    if rules::address(&email).is_none() {
        let again = format!("{}{FORGOT_FORM}", paragraph("That is no address."));
        return Ok(page(StatusCode::BAD_REQUEST, "Another password", &again));
    }
    community.addresses.ask_reset(peer.into(), &email).await?;
    Ok(page(StatusCode::OK, "Sent", &paragraph("If that address has an account, a mail is on its way to it.")))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, "max-age=3600")], STYLE)
}

fn title(link: &Link) -> &'static str {
    if link.kind == MailKind::Reset { "Another password" } else { "Your address" }
}

/// The form of a link that works.
fn form(link: &Link, token: &str, before: &str) -> String {
    let hidden = format!(r#"<input type="hidden" name="token" value="{}">"#, escaped(token));
    let (said, rest) = match link.kind {
        MailKind::Reset => (
            format!("For {}: choose a password of 8 characters or more.", link.address),
            r#"<label>New password <input name="password" type="password" autocomplete="new-password" minlength="8"
maxlength="72" required></label><button>Set it</button>"#,
        ),
        _ => (format!("Is {} yours?", link.address), "<button>Yes, confirm it</button>"),
    };
    format!(r#"{before}{}<form method="post" action="/account/link">{hidden}{rest}</form>"#, paragraph(&said))
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A page in the form of these. `content` is markup.
pub(super) fn page(status: StatusCode, title: &str, content: &str) -> Response {
    page_as(status, title, "", content)
}

/// The same of a class of the style.
pub(super) fn page_as(status: StatusCode, title: &str, class: &str, content: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"/account/style.css\"></head>\n<body class=\"{class}\"><main><h1>{title}</h1>{content}</main></body></html>\n"
    );
    (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
}
