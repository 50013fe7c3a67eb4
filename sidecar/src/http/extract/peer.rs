//! Where a call comes from: the socket's address. What proxies claim in headers is not believed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::error::Error;
use crate::service::limits::Source;
use crate::state::AppState;

/// The other end of the socket.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let ConnectInfo(addr) =
            ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(Error::internal)?;
        Ok(Self(addr.ip().to_canonical()))
    }
}

impl From<Peer> for Source {
    fn from(peer: Peer) -> Self {
        peer.0.into()
    }
}

/// A call without a user, counted against its address's rate.
pub struct AnonymousPeer;

impl FromRequestParts<AppState> for AnonymousPeer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let peer = Peer::from_request_parts(parts, state).await?;
        state.limits.anonymous_call(peer.into())?;
        Ok(Self)
    }
}
