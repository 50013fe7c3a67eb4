//! How a client opens `/socket/websocket`. What is wrong with its token is told before the socket is open.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::any;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::HttpState;
use realmgate_platform::http::extract::Peer;
use realmgate_platform::websocket::{BEARER, Bounds, Upgrade, subprotocol_token};

use super::frame::Version;
use super::socket;
use crate::http::Refusal;
use crate::state::Community;

/// The route, beside those below `/api/v1`.
pub fn router<S>(community: &Community) -> Router<S> {
    Router::new().route("/socket/websocket", any(upgrade)).with_state(community.clone())
}

async fn upgrade(
    State(community): State<Community>,
    peer: Peer,
    headers: HeaderMap,
    uri: Uri,
    mut upgrade: Upgrade,
) -> Result<Response, Refusal> {
    let forbidden = || Refusal::error(StatusCode::FORBIDDEN, "forbidden");
    let refuse = |error: Error| match error.code {
        ErrorCode::Unauthorized => forbidden(),
        _ => error.into(),
    };
    let http = HttpState::from_ref(&community);
    let (in_query, version) = params(&uri);
    let in_subprotocol = subprotocol_token(&headers);
    if in_subprotocol.is_some() {
        // A browser that offered the subprotocol accepts the socket only with it.
        upgrade.select(HeaderValue::from_static(BEARER));
    }
    let token = in_subprotocol.or(in_query);
    let Some(version) = Version::of(version.as_deref()) else {
        http.limits.refused_socket(peer.into()).await.map_err(refuse)?;
        let message = "Unknown version of the channel protocol: use vsn=1.0.0 or vsn=2.0.0";
        return Err(Refusal::explained(StatusCode::BAD_REQUEST, "unknown_version", message));
    };
    let Some(token) = token.filter(|_| http.origins.allow(&headers)) else {
        http.limits.refused_socket(peer.into()).await.map_err(refuse)?;
        return Err(forbidden());
    };
    let caller = match http.tokens.authenticate(&token).await {
        Ok(caller) => caller,
        Err(error) => {
            http.limits.refused_socket(peer.into()).await.map_err(refuse)?;
            return Err(refuse(error));
        }
    };
    // Opening a socket is a call like any other.
    http.limits.call(caller.account).await.map_err(refuse)?;
    let most = community.settings.limits.max_sockets_per_user;
    let seat = community.events.hub.take_seat(caller.account, caller.session, most).ok_or_else(forbidden)?;
    // A log-in that has ended since would not have found the socket.
    http.tokens.authenticate(&token).await.map_err(refuse)?;
    let alive = community.background.tasks.token();
    Ok(upgrade.open(Bounds::REALTIME, move |socket| async move {
        socket::serve(community, socket, version, caller, seat).await;
        drop(alive);
    }))
}

/// The token and the protocol's version in the query.
fn params(uri: &Uri) -> (Option<String>, Option<String>) {
    let (mut token, mut version) = (None, None);
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match &*name {
            "token" => token = Some(value.into_owned()),
            "vsn" => version = Some(value.into_owned()),
            _ => {}
        }
    }
    (token.filter(|token| !token.is_empty()), version)
}
