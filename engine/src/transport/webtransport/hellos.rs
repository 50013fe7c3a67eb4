//! Counts the clients' first messages that TLS has read.
//!
//! A connection that is accepted has read its client's first message if it came in one packet. quinn does not tell; so
//! the choice of the certificate, which TLS makes when it has read that message, is what is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// Chooses certificates as another does, and counts how often.
#[derive(Debug)]
pub(super) struct Hellos {
    certificates: Arc<dyn ResolvesServerCert>,
    read: AtomicU64,
}

impl Hellos {
    pub(super) fn new(certificates: Arc<dyn ResolvesServerCert>) -> Self {
        Self { certificates, read: AtomicU64::new(0) }
    }

    /// How many have been read until now. They are read on the network thread alone.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl ResolvesServerCert for Hellos {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.certificates.resolve(hello)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.certificates.only_raw_public_keys()
    }
}
