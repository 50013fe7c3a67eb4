//! How a client opens `/ws` and authenticates.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::{Peer, bearer};
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_platform::websocket::{BEARER, Bounds, Socket, Upgrade, subprotocol_token};
use serde::Deserialize;

use super::Gateway;
use super::farewell::{Farewell, close};
use crate::state::AppState;

/// The route `/ws`, on the gateway's port.
pub fn router() -> Router<AppState> {
    Router::new().route("/ws", any(upgrade))
}

#[derive(Deserialize)]
struct Params {
    token: Option<String>,
}

async fn upgrade(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    uri: Uri,
    mut upgrade: Upgrade,
) -> Response {
    if !state.config.gateway.origins.allow(&headers) {
        return Error::new(ErrorCode::Forbidden, "Pages of this origin are not allowed to connect").into_response();
    }
    let (gateway, alive) = (state.gateway.clone(), state.background.tasks.token());
    let subprotocol_token = subprotocol_token(&headers);
    let in_query = query_token(&uri).filter(|_| state.config.gateway.query_token);
    let token = bearer(&headers).map(str::to_owned).or_else(|| subprotocol_token.clone()).or(in_query);
    if subprotocol_token.is_some() {
        // A browser that offered the subprotocol accepts the socket only with it.
        upgrade.select(HeaderValue::from_static(BEARER));
    }
    upgrade.open(Bounds::GATEWAY, move |socket| async move {
        gateway.open(socket, token, peer.into()).await;
        drop(alive);
    })
}

/// The token in `?token=`.
fn query_token(uri: &Uri) -> Option<String> {
    Query::<Params>::try_from_uri(uri).ok()?.0.token
}

impl Gateway {
    async fn admit(&self, token: &str) -> Result<Caller, Error> {
        let caller = self.tokens.authenticate(token).await?;
        // Opening a socket is a call like any other, and counts against the account's rate limit.
        self.limits.call(caller.account).await?;
        Ok(caller)
    }

    /// Checks the token once the handshake is done, so that browsers see why they are refused.
    async fn open(&self, socket: Socket, token: Option<String>, source: Source) {
        let caller = match &token {
            Some(token) => self.admit(token).await,
            None => Err(ErrorCode::Unauthorized.into()),
        };
        match caller {
            Ok(caller) => self.serve(socket, caller, source).await,
            Err(error) if error.code == ErrorCode::Unauthorized => {
                metrics::counter!("realmgate_gateway_refused_total").increment(1);
                close(socket, Farewell::INVALID_TOKEN).await;
            }
            Err(error) if error.code == ErrorCode::RateLimited => close(socket, Farewell::TOO_OFTEN).await,
            Err(error) => {
                tracing::error!(%error, "cannot verify a token");
                close(socket, Farewell::INTERNAL).await;
            }
        }
    }
}
