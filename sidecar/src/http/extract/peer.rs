//! Where a call comes from: the socket's address, or whom `TRUSTED_PROXIES` name in its place.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::error::Error;
use crate::service::limits::Source;
use crate::state::AppState;

/// The one header that is read: a proxy that writes another lets its clients write this one themselves.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client behind the socket.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl FromRequestParts<AppState> for Peer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ConnectInfo(addr) =
            ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(Error::internal)?;
        let lines = parts.headers.get_all(FORWARDED_FOR).iter();
        // A line that is no text cannot be read, and hides what stands before it.
        let lines = lines.map(|line| line.to_str().unwrap_or_default());
        Ok(Self(state.config.edge.proxies.client(addr.ip(), lines)))
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
        state.limits.anonymous_call(peer.into()).await?;
        Ok(Self)
    }
}
