//! The address a call comes from: the socket's, or the one that a proxy of `TRUSTED_PROXIES` names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::error::Error;
use crate::service::limits::Source;
use crate::state::AppState;

/// The only header that is read. A proxy that writes another one lets its clients write this one themselves.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The IP address of the client.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl FromRequestParts<AppState> for Peer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let ConnectInfo(addr) =
            ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(Error::internal)?;
        let proxies = &state.config.edge.proxies;
        state.unnamed_proxy.look(addr, &parts.headers, proxies, state.clock.now_ms());
        let lines = parts.headers.get_all(FORWARDED_FOR).iter();
        // A line that is not text cannot be read, and hides what stands before it.
        let lines = lines.map(|line| line.to_str().unwrap_or_default());
        Ok(Self(proxies.client(addr.ip(), lines)))
    }
}

impl From<Peer> for Source {
    fn from(peer: Peer) -> Self {
        peer.0.into()
    }
}

/// A call without a user, counted against the rate limit of its address.
pub struct AnonymousPeer;

impl FromRequestParts<AppState> for AnonymousPeer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let peer = Peer::from_request_parts(parts, state).await?;
        state.limits.anonymous_call(peer.into()).await?;
        Ok(Self)
    }
}
