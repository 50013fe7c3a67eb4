//! The address a call comes from: the socket's, or the one that a proxy of `TRUSTED_PROXIES` names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::here::is_meant_for_this_machine;
use crate::error::Error;
use crate::http::{HttpParts, HttpState};
use crate::limits::Source;

/// The only header that is read. A proxy that writes another one lets its clients write this one themselves.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a call comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The IP address of the client.
    pub ip: IpAddr,
    /// Whether the client runs on this machine: it connects over loopback, and its request
    /// [is meant for this machine](is_meant_for_this_machine). All clients of a proxy on this machine connect over loopback too.
    pub is_this_machine: bool,
}

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
        let ip = proxies.client(addr.ip(), lines);
        Ok(Self { ip, is_this_machine: ip.to_canonical().is_loopback() && is_meant_for_this_machine(&parts.headers) })
    }
}

impl From<Peer> for Source {
    fn from(peer: Peer) -> Self {
        if peer.is_this_machine { peer.ip.into() } else { Self::elsewhere(peer.ip) }
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
