//! What extractors and layers need of their process.

use std::ops::Deref;
use std::sync::Arc;

use axum::http::Uri;

use super::extract::UnnamedProxy;
use crate::clock::Clock;
use crate::config::{Origins, TrustedProxies};
use crate::limits::Limits;
use crate::secrets::ServiceToken;
use crate::tokens::Tokens;

/// What extractors and layers need of their process, behind a cheap handle. They work in every router whose state hands
/// it out by axum's `FromRef`.
#[derive(Clone)]
pub struct HttpState(Arc<HttpParts>);

/// The parts of [`HttpState`].
pub struct HttpParts {
    /// The clock of this process.
    pub clock: Clock,
    /// Proxies that are trusted to name a client's address.
    pub proxies: TrustedProxies,
    /// The browser pages that may talk to us.
    pub origins: Origins,
    /// Where players' browsers reach this server, if the operator names it: `https://realm.example`.
    pub public_url: Option<Uri>,
    /// What our own servers show.
    pub service_token: ServiceToken,
    /// Checks access tokens.
    pub tokens: Arc<Tokens>,
    /// The rate limits.
    pub limits: Arc<Limits>,
    /// Detects a proxy that `TRUSTED_PROXIES` does not name.
    pub unnamed_proxy: UnnamedProxy,
}

impl HttpState {
    /// Shares the parts.
    pub fn new(parts: HttpParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for HttpState {
    type Target = HttpParts;
    fn deref(&self) -> &HttpParts {
        &self.0
    }
}
