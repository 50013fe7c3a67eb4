//! Log-in by an account at a provider, for programs. What a browser sees of it is in [`super::provider_pages`].

use axum::Json;
use axum::extract::State;
use axum::http::header::{HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use realmgate_platform::http::extract::Peer;
use realmgate_platform::tokens::Caller;
use serde::Serialize;
use serde_json::{Value, json};

use super::cookie::Cookie;
use super::{Anybody, Data, Done, Input, MaybePlayer, PathId, Player, Refusal, Refused};
use crate::oauth::{Beginning, Binding, FLOW_LIVES_MS, Proven, SignIn, Started};
use crate::state::Community;

/// What binds a flow to the browser that has begun it. It is sent with the link by which the provider leads the browser back.
pub(super) const FLOW_COOKIE: Cookie = Cookie { name: "realmgate-flow", same_site: "Lax" };

/// A login with a provider that has started.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Begun {
    /// The address to open in the player's browser.
    authorization_url: String,
    /// The id for reading the outcome. Keep it secret: any program that knows it gets the login.
    session_id: String,
    /// The code to show in the game: the player compares it with the page in the browser. Absent if the response sets a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// The status of a login with a provider.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the flow says it itself")]
pub(super) struct FlowStatus {
    /// `pending`, `completed`, `error`, or `conflict` if the provider's account opens another account here.
    status: String,
    /// A message for the player; empty without an error.
    message: String,
    /// The tokens of the login, the linked provider, or an error code.
    data: Value,
}

/// A code or ticket of a provider.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses in words of its own")]
pub(super) struct Code {
    /// The code that your program got from the provider; for Steam, the ticket.
    code: String,
}

/// An id token.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes: the route refuses in words of its own")]
pub(super) struct IdToken {
    /// The id token that the provider signed for your program.
    id_token: String,
}

/// List the providers that players may log in with.
#[utoipa::path(
    get, path = "/auth/providers", operation_id = "list_providers", tag = "Authentication",
    responses((status = 200, body = Data<Vec<String>>)),
)]
pub(super) async fn list_providers(State(community): State<Community>, _: Anybody) -> Json<Data<Vec<&'static str>>> {
    Json(Data { data: community.sign_in.offered() })
}

/// Start a login in a browser or, with an access token, link a provider.
///
/// The browser ends on a page that shows `code` and asks the player. If a page of this server started the login, a cookie binds it
/// to that browser instead.
#[utoipa::path(
    get, path = "/auth/{provider}", operation_id = "oauth_request", tag = "Authentication",
    params(
        ("provider" = String, Path, description = "Name of the provider, such as `google`"),
        ("browser" = Option<bool>, Query, description = "`true` from a page of this server, to bind the login to its browser by a cookie"),
    ),
    security((), ("access_token" = [])),
    responses((status = 200, body = Begun), (status = 400, body = Refused), (status = 403, body = Refused)),
)]
pub(super) async fn oauth_request(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    MaybePlayer(caller): MaybePlayer,
    PathId(provider): PathId,
    headers: HeaderMap,
    input: Input,
) -> Result<Response, Refusal> {
    if let Some(caller) = &caller {
        community.log_ins.prove_fresh(peer.into(), caller, None).await?;
    }
    let asker = if peer.is_this_machine { "this machine".to_owned() } else { peer.ip.to_canonical().to_string() };
    let is_browser = input.text("browser") == Some("true") && is_own_page(&community, &headers);
    let beginning = Beginning { caller: caller.as_ref(), asker: &asker, is_browser };
    let Started { authorization_url, session_id, binding } = community.sign_in.begin(&provider, beginning).await?;
    let begun = |code| Json(Begun { authorization_url, session_id, code });
    Ok(match binding {
        Binding::Code(code) => begun(Some(code)).into_response(),
        Binding::Cookie(value) => {
            let cookie = FLOW_COOKIE.set(community.is_https, &value, Some(FLOW_LIVES_MS / 1_000));
            ([(SET_COOKIE, cookie)], begun(None)).into_response()
        }
    })
}

/// Whether a browser calls from a page at the address that providers lead it back to. Elsewhere it would not send the cookie.
fn is_own_page(community: &Community, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let here = &*community.sign_in.public_url;
    let authority = here.split_once("://").map(|(_, authority)| authority);
    text(HOST) == authority && text(ORIGIN).is_none_or(|origin| origin == here)
}

/// Nobody logs in by this.
pub(super) async fn no_provider(_: Anybody) -> Refusal {
    SignIn::not_offered()
}

/// Read the status of a login with a provider. Its tokens can be read for two minutes.
#[utoipa::path(
    get, path = "/auth/session/{session_id}", operation_id = "oauth_session_status", tag = "Authentication",
    params(("session_id" = String, Path, description = "The `session_id` of the started login")),
    responses((status = 200, body = FlowStatus), (status = 404, body = Refused)),
)]
pub(super) async fn oauth_session_status(
    State(community): State<Community>,
    _: Anybody,
    PathId(session): PathId,
) -> Result<Json<Value>, Refusal> {
    let gone =
        || Refusal::explained(StatusCode::NOT_FOUND, "session_not_found", "This login does not exist or has ended");
    let status = community.sign_in.status(&session).await?.ok_or_else(gone)?;
    Ok(Json(status.body()))
}

/// Log in or link with a code or ticket that your program got from the provider.
#[utoipa::path(
    post, path = "/auth/{provider}/callback", operation_id = "oauth_api_callback", tag = "Authentication",
    params(("provider" = String, Path, description = "Name of the provider, such as `google`")), security((), ("access_token" = [])), request_body = Code,
    responses(
        (status = 200, body = Data<Value>), (status = 400, body = Refused), (status = 403, body = Refused),
        (status = 409, body = Refused),
    ),
)]
pub(super) async fn oauth_api_callback(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    MaybePlayer(caller): MaybePlayer,
    PathId(provider): PathId,
    input: Input,
) -> Result<Json<Data<Value>>, Refusal> {
    let missing = if provider == "steam" { "missing_param" } else { "missing_or_unsupported" };
    let code = given(&input, "code", missing)?;
    prove(&community, peer, caller.as_ref(), &input).await?;
    told(community.sign_in.by_code(peer.into(), &provider, code, caller.as_ref()).await?)
}

/// Log in or link with an id token of Google.
#[utoipa::path(
    post, path = "/auth/google/id_token", operation_id = "oauth_google_id_token", tag = "Authentication",
    security((), ("access_token" = [])), request_body = IdToken,
    responses(
        (status = 200, body = Data<Value>), (status = 400, body = Refused), (status = 403, body = Refused),
        (status = 409, body = Refused),
    ),
)]
pub(super) async fn oauth_google_id_token(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    MaybePlayer(caller): MaybePlayer,
    input: Input,
) -> Result<Json<Data<Value>>, Refusal> {
    let token = given(&input, "id_token", "missing_param")?;
    prove(&community, peer, caller.as_ref(), &input).await?;
    told(community.sign_in.by_id_token(peer.into(), token, caller.as_ref()).await?)
}

/// Log in or link with a code that your app got on an Apple device.
#[utoipa::path(
    post, path = "/auth/apple/ios/callback", operation_id = "oauth_callback_api_apple_ios", tag = "Authentication",
    security((), ("access_token" = [])), request_body = Code,
    responses(
        (status = 200, body = Data<Value>), (status = 400, body = Refused), (status = 403, body = Refused),
        (status = 409, body = Refused),
    ),
)]
pub(super) async fn oauth_callback_api_apple_ios(
    State(community): State<Community>,
    peer: Peer,
    _: Anybody,
    MaybePlayer(caller): MaybePlayer,
    input: Input,
) -> Result<Json<Data<Value>>, Refusal> {
    let code = given(&input, "code", "missing_code")?;
    prove(&community, peer, caller.as_ref(), &input).await?;
    told(community.sign_in.by_apple_app(peer.into(), code, caller.as_ref()).await?)
}

/// Unlink a provider from your account.
#[utoipa::path(
    delete, path = "/me/providers/{provider}", operation_id = "unlink_provider", tag = "Authentication",
    params(("provider" = String, Path, description = "Name of the provider, such as `google`")), security(("access_token" = [])),
    responses((status = 200, body = Done), (status = 400, body = Refused)),
)]
pub(super) async fn unlink_provider(
    State(community): State<Community>,
    Player(caller): Player,
    PathId(provider): PathId,
) -> Result<Json<Done>, Refusal> {
    community.sign_in.unlink(caller.account, &provider).await?;
    Ok(Json(Done {}))
}

/// Checks that who links a provider to an account has just logged in, or knows its password.
async fn prove(community: &Community, peer: Peer, caller: Option<&Caller>, input: &Input) -> Result<(), Refusal> {
    match caller {
        Some(caller) => community.log_ins.prove_fresh(peer.into(), caller, input.text("current_password")).await,
        None => Ok(()),
    }
}

fn given<'a>(input: &'a Input, name: &str, missing: &'static str) -> Result<&'a str, Refusal> {
    let text = input.text(name).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::error(StatusCode::BAD_REQUEST, missing))
}

fn told(proven: Proven) -> Result<Json<Data<Value>>, Refusal> {
    let data = match proven {
        Proven::LoggedIn(grant) => json!({
            "access_token": grant.access_token, "refresh_token": grant.refresh_token,
            "expires_in": grant.expires_in, "user_id": grant.account.to_string(),
        }),
        Proven::Linked(provider) => json!({"linked": true, "provider": provider.id_field()}),
    };
    Ok(Json(Data { data }))
}
