//! This sidecar among the others.

use std::sync::OnceLock;

use crate::lock::{CookieHash, ServerKey};

/// Who this sidecar is: its id, and the hash of its cookie once it has its lock.
#[derive(Debug)]
pub struct ThisReplica {
    /// `GATEWAY_ID`, by which locks, map servers and other sidecars know it.
    pub id: String,
    cookie: OnceLock<CookieHash>,
}

impl ThisReplica {
    /// A sidecar that does not have its lock yet.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), cookie: OnceLock::new() }
    }

    /// The key of its lock.
    pub fn key(&self) -> ServerKey {
        ServerKey::Replica(self.id.clone())
    }

    /// The hash of its cookie; `None` before it has its lock.
    pub fn cookie(&self) -> Option<&CookieHash> {
        self.cookie.get()
    }

    /// Records that it has its lock. It is taken once in the lifetime of a process.
    pub(super) fn has_lock(&self, cookie: CookieHash) {
        let _ = self.cookie.set(cookie);
    }
}
