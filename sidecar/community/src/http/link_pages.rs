//! The pages that links in mails lead to: forms without a script, for a browser that knows nothing of the game.
//!
//! Opening a link does nothing: programs that look through mails open links too. Only its button does.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use realmgate_platform::http::escaped;
use realmgate_platform::http::extract::Peer;
use serde::Deserialize;

use super::pages::paragraph;
use super::{Anybody, Input, Refusal};
use crate::accounts::rules;
use crate::field_limits::FieldLimits;
use crate::state::Community;
use crate::store::{Link, MailKind};

const STYLE: &str = include_str!("link_pages.css");
const FORGOT: &str = "Reset your password";
const BACK: &str = r#"<p><a href="/play">Back to the game</a></p>"#;
const GONE: &str = "This link has been used or has expired. Request a new one.";

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
        .route("/account/forgot", get(ask).post(forgot))
        .route("/account/style.css", get(style))
        .with_state(community.clone())
}

async fn open(State(community): State<Community>, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Shown { token, .. } = input.fields()?;
    Ok(match community.addresses.link(&token).await? {
        Some(link) => community.pages.page(StatusCode::OK, title(&link), &form(&link, &token, "")),
        None => community.pages.page(StatusCode::NOT_FOUND, "Invalid link", &paragraph(GONE)),
    })
}

async fn follow(State(community): State<Community>, peer: Peer, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Shown { token, password } = input.fields()?;
    let Some(link) = community.addresses.link(&token).await? else {
        return Ok(community.pages.page(StatusCode::NOT_FOUND, "Invalid link", &paragraph(GONE)));
    };
    let password = password.unwrap_or_default();
    if has_password(&link)
        && let Some(fault) = rules::password_fault(&password)
    {
        let again = form(&link, &token, &paragraph(&format!("The password {fault}.")));
        return Ok(community.pages.page(StatusCode::BAD_REQUEST, title(&link), &again));
    }
    let done = match link.kind {
        MailKind::Reset => {
            community.addresses.reset(peer.into(), &token, password).await?;
            "Your password is changed. All devices have been logged out. Log in with the new password."
        }
        _ => {
            community.addresses.confirm(peer.into(), &token, Some(password)).await?;
            "Your e-mail address is confirmed. You can log in with it."
        }
    };
    Ok(community.pages.page(StatusCode::OK, "Done", &format!("{}{BACK}", paragraph(done))))
}

async fn ask(State(community): State<Community>) -> Response {
    community.pages.page(StatusCode::OK, FORGOT, &forgot_form(&community.settings.limits))
}

async fn forgot(State(community): State<Community>, peer: Peer, _: Anybody, input: Input) -> Result<Response, Refusal> {
    let Forgot { email } = input.fields()?;
    let limits = &community.settings.limits;
    if rules::address(&email, limits).is_none() {
        let again = format!("{}{}", paragraph("This is not an e-mail address."), forgot_form(limits));
        return Ok(community.pages.page(StatusCode::BAD_REQUEST, FORGOT, &again));
    }
    community.addresses.ask_reset(peer.into(), &email).await?;
    Ok(community.pages.page(
        StatusCode::OK,
        "Check your e-mail",
        &format!(
            "{}{BACK}",
            paragraph("If an account has this e-mail address, you will receive a link to choose a new password.")
        ),
    ))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, "max-age=3600")], STYLE)
}

/// Whether the page of a link asks for a password.
fn has_password(link: &Link) -> bool {
    matches!(link.kind, MailKind::Reset | MailKind::SignUp)
}

fn title(link: &Link) -> &'static str {
    if link.kind == MailKind::Reset { "Choose a new password" } else { "Confirm your e-mail address" }
}

/// The form that asks for a link to choose a new password.
fn forgot_form(limits: &FieldLimits) -> String {
    format!(
        r#"{}<form method="post" action="/account/forgot">
<label>E-mail address <input name="email" type="email" autocomplete="email" maxlength="{}" required></label>
<button>Send me a link</button></form>{BACK}"#,
        paragraph(
            "If an account has your e-mail address, you will receive a link. This does not work for guests and accounts without an address."
        ),
        limits.max_email
    )
}

/// The form of a link that works.
fn form(link: &Link, token: &str, before: &str) -> String {
    let hidden = format!(r#"<input type="hidden" name="token" value="{}">"#, escaped(token));
    let (said, rest) = match has_password(link) {
        true => (
            format!("For {}: choose a password of at least 8 characters.", link.address),
            r#"<label>New password <input name="password" type="password" autocomplete="new-password" minlength="8"
maxlength="72" required></label><button>Save the password</button>"#,
        ),
        false => (format!("Is {} yours?", link.address), "<button>Yes, confirm it</button>"),
    };
    format!(r#"{before}{}<form method="post" action="/account/link">{hidden}{rest}</form>"#, paragraph(&said))
}
