//! `/admin/session`: the log-in of administrators on the pages at `/admin`. It is in a cookie that no script reads and that
//! browsers send for pages of this server alone. A call by it needs a header beside it, which a page of somebody else cannot
//! send: so nobody acts in an administrator's name by a link or a form.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use realmgate_platform::http::extract::Peer;
use realmgate_platform::tokens::{Caller, hash_refresh};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cookie::Cookie;
use super::{Anybody, Done, Input, Refusal};
use crate::accounts::administrators;
use crate::state::Community;

const COOKIE: Cookie = Cookie { name: "realmgate-admin", same_site: "Strict" };
/// How long a log-in to the pages lives without a call, in milliseconds.
const IDLE_MS: u64 = 30 * 60 * 1_000;
/// How long it lives at most, in milliseconds.
const LIVES_MS: u64 = 12 * 60 * 60 * 1_000;
/// How much later it has to end for that to be written, in milliseconds.
const RENEWED_EVERY_MS: u64 = 60 * 1_000;
/// What a page of this server says beside the cookie.
const HEADER: &str = "x-realmgate-admin";

/// How somebody logs in.
#[derive(Deserialize)]
struct Entry {
    email: Option<String>,
    password: Option<String>,
    /// Of a log-in by a provider that has just been made.
    refresh_token: Option<String>,
    /// What makes this account the first administrator: the start of the server has printed it.
    code: Option<String>,
}

/// Routes of the log-in.
pub(super) fn router<S: Clone + Send + Sync + 'static>(community: &Community) -> Router<S> {
    Router::new().route("/admin/session", get(read).post(begin).delete(end)).with_state(community.clone())
}

async fn begin(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    headers: HeaderMap,
    input: Input,
) -> Result<Response, Refusal> {
    if !headers.contains_key(HEADER) {
        return Err(Refusal::bad_request());
    }
    let Entry { email, password, refresh_token, code } = input.fields()?;
    let (name, password) = (email.unwrap_or_default(), SecretString::from(password.unwrap_or_default()));
    if let Some(code) = code.filter(|code| !code.trim().is_empty()) {
        let account = match &refresh_token {
            Some(token) => Some(community.log_ins.refresh(token).await?.account),
            None => community.log_ins.check_password(peer.into(), &name, password.clone()).await?,
        };
        if let Some(account) = account
            && !administrators::claim(&community.store, account, &code).await?
        {
            let message = "Invalid code, or the realm already has an administrator. Use the code of the newest start";
            return Err(Refusal::explained(StatusCode::FORBIDDEN, "invalid_code", message));
        }
    }
    let grant = match refresh_token {
        Some(token) => community.log_ins.refresh(&token).await?,
        None => community.log_ins.by_password(peer.into(), &name, password, None).await?,
    };
    let is_admin = community.store.profile(grant.account).await?.is_some_and(|profile| profile.admin);
    if !is_admin {
        community.log_ins.end(&grant.access_token).await?;
        return Err(Refusal::error(StatusCode::FORBIDDEN, "forbidden"));
    }
    let (hash, now_ms) = (hash_refresh(&grant.refresh_token), community.http.clock.now_ms());
    community.sessions.expire_at(&hash, now_ms + IDLE_MS).await?;
    tracing::info!(admin = %grant.account, "administrator logged in at /admin");
    let cookie = COOKIE.set(community.is_https, &grant.refresh_token, None);
    Ok(([(SET_COOKIE, cookie)], Json(json!({"username": grant.username}))).into_response())
}

/// Who is logged in here; `username` is null for nobody. A page that has just been opened asks this: a refusal would stand in the
/// browser's console as an error.
async fn read(State(community): State<Community>, _: Anybody, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let account = match caller(&community, &headers).await? {
        Some(caller) if caller.role == "admin" => Some(caller.account),
        _ => None,
    };
    let profile = match account {
        Some(account) => community.store.profile(account).await?,
        None => None,
    };
    Ok(Json(json!({"username": profile.map(|profile| profile.username)})))
}

async fn end(State(community): State<Community>, _: Anybody, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(caller) = caller(&community, &headers).await? {
        community.sessions.end(caller.session, community.http.clock.now_ms()).await?;
        community.log_ins.world.log_out(caller.account, vec![caller.session]).await?;
    }
    Ok(([(SET_COOKIE, COOKIE.remove(community.is_https))], Json(Done {})).into_response())
}

/// Whose cookie a call has, if a page of this server has sent it.
///
/// # Errors
/// When the database cannot be asked.
pub(super) async fn caller(community: &Community, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    if !headers.contains_key(HEADER) {
        return Ok(None);
    }
    let Some(token) = COOKIE.read(community.is_https, headers) else { return Ok(None) };
    let (hash, now_ms) = (hash_refresh(token), community.http.clock.now_ms());
    let Some(found) = community.sessions.find_staying(&hash, now_ms).await? else { return Ok(None) };
    let until_ms = (now_ms + IDLE_MS).min(found.created_ms + LIVES_MS);
    if until_ms <= now_ms {
        return Ok(None);
    }
    // It lives on with each call, but a page that calls all the time costs few writes.
    if found.expires_ms.abs_diff(until_ms) > RENEWED_EVERY_MS {
        community.sessions.expire_at(&hash, until_ms).await?;
    }
    Ok(Some(Caller { account: found.row.account, session: found.session, role: found.row.role }))
}
