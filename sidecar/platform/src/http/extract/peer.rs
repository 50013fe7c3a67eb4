//! The address a call comes from: the socket's, or the one that a proxy of `TRUSTED_PROXIES` names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::error::Error;
use crate::http::{HttpParts, HttpState};
use crate::limits::Source;

/// The only header that is read. A proxy that writes another one lets its clients write this one themselves.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The IP address of the client.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl<S> FromRequestParts<S> for Peer
where
    HttpState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let ConnectInfo(addr) =
            ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await.map_err(Error::internal)?;
        let HttpParts { proxies, unnamed_proxy, clock, .. } = &*HttpState::from_ref(state);
        unnamed_proxy.look(addr, &parts.headers, proxies, clock.now_ms());
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

impl<S> FromRequestParts<S> for AnonymousPeer
where
    HttpState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let peer = Peer::from_request_parts(parts, state).await?;
        HttpState::from_ref(state).limits.anonymous_call(peer.into()).await?;
        Ok(Self)
    }
}
