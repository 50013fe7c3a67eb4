//! Refuses requests of pages that a foreign name has led to this machine (DNS rebinding).

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::Origins;
use crate::error::{Error, ErrorCode};
use crate::http::HttpState;
use crate::http::extract::names_a_foreign_domain;

const DETAIL: &str = "This server was called over loopback under an unknown domain. Use localhost; behind a proxy, set \
                      PUBLIC_URL or ALLOWED_ORIGINS to that domain, or TRUSTED_PROXIES to the proxy";

/// Refuses a request over loopback that names a domain, where `ALLOWED_ORIGINS` is not set. The owner of a domain says where it leads:
/// its pages would be of the same origin as this server, though only this machine reaches it. Proxies of `TRUSTED_PROXIES` may name any,
/// and everybody the one of `PUBLIC_URL`.
pub(super) async fn refuse(State(http): State<HttpState>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    let is_led_here = http.origins == Origins::Local
        && peer.is_some_and(|peer| peer.is_loopback() && !http.proxies.contains(peer))
        && names_a_foreign_domain(request.headers(), http.public_url.as_ref().and_then(|url| url.host()));
    if is_led_here { Error::new(ErrorCode::Misdirected, DETAIL).into_response() } else { next.run(request).await }
}
