//! Detects a reverse proxy that `TRUSTED_PROXIES` does not name: rate limits treat all its clients as one.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use super::peer::FORWARDED_FOR;
use crate::config::TrustedProxies;

/// Time between two warnings in the log, in milliseconds.
const AGAIN_AFTER_MS: u64 = 60 * 60 * 1_000;

/// Whether such a proxy was seen since the start.
#[derive(Debug, Default)]
pub struct UnnamedProxy {
    warned_at_ms: Mutex<Option<u64>>,
}

impl UnnamedProxy {
    /// Checks where a request comes from. Strangers may write the header too, and must not get the log to recommend
    /// them as proxies: only a socket from a private network counts, where only an operator adds machines.
    pub(super) fn look(&self, socket: SocketAddr, headers: &HeaderMap, proxies: &TrustedProxies, now_ms: u64) {
        let is_forwarded = [FORWARDED_FOR, "forwarded"].iter().any(|name| headers.contains_key(*name));
        let ip = socket.ip().to_canonical();
        if !is_forwarded || !is_private(ip) || proxies.contains(ip) {
            return;
        }
        let mut warned_at_ms = self.warned_at_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if warned_at_ms.is_none_or(|at_ms| now_ms >= at_ms.saturating_add(AGAIN_AFTER_MS)) {
            *warned_at_ms = Some(now_ms);
            tracing::warn!(
                %ip,
                "requests come through a proxy that is not in TRUSTED_PROXIES: rate limits treat all its clients as \
                 one; add its address there if it is yours"
            );
        }
    }

    /// The warning for `/readyz`. Anybody may ask for that, so the address is only in the log.
    pub fn warning(&self) -> Option<&'static str> {
        let seen = self.warned_at_ms.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        seen.then_some(
            "requests come through a proxy that is not in TRUSTED_PROXIES: rate limits treat all its clients as one; \
             the log has its address",
        )
    }
}

/// Whether this is an address of this machine or of a network that strangers are not in.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            // Carriers and clouds use 100.64.0.0/10 internally.
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xC0 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
