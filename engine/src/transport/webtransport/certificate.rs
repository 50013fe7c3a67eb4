//! A certificate that nobody has signed, for servers without one that is.
//!
//! Browsers take such a certificate from a page that knows its SHA-256, if it is an ECDSA one that is valid for 14 days at
//! most (W3C WebTransport, `serverCertificateHashes`). So it has to be made again in good time, and players are told the
//! hash of the new one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, ServerConfig};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long it is valid, from a day ago on; a day less than browsers allow. Their clocks may be wrong either way.
const VALID_FOR: Duration = Duration::from_secs(13 * DAY.as_secs());
/// After how long another one should be made.
pub const RENEW_AFTER: Duration = Duration::from_secs(7 * DAY.as_secs());

/// The certificate that is shown to clients. [`WebTransport`](super::WebTransport) has an example.
#[derive(Debug)]
pub struct SelfMadeCertificate {
    names: Vec<String>,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    key: Arc<CertifiedKey>,
    sha256: String,
}

impl SelfMadeCertificate {
    /// Makes one for these host names and addresses.
    ///
    /// # Errors
    /// When a name is neither, or the system has no random bytes.
    pub fn new(names: Vec<String>) -> Result<Arc<Self>, Error> {
        let shown = RwLock::new(Shown::new(&names)?);
        Ok(Arc::new(Self { names, shown }))
    }

    /// Makes another one, which new clients are shown from now on.
    ///
    /// # Errors
    /// As [`Self::new`]; then the old one stays.
    pub fn renew(&self) -> Result<(), Error> {
        let made = Shown::new(&self.names)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = made;
        Ok(())
    }

    /// Its SHA-256: 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).sha256.clone()
    }

    /// The TLS settings for accepting connections.
    ///
    /// # Errors
    /// When rustls takes none of its own protocol versions.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for SelfMadeCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

impl Shown {
    #[expect(clippy::disallowed_methods, reason = "a certificate says from when to when it is valid")]
    fn new(names: &[String]) -> Result<Self, Error> {
        let failed = |error: rcgen::Error| Error::General(error.to_string());
        let begins = SystemTime::now() - DAY;
        let mut wanted = CertificateParams::new(names).map_err(failed)?;
        (wanted.not_before, wanted.not_after) = (begins.into(), (begins + VALID_FOR).into());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let certificate = wanted.self_signed(&key).map_err(failed)?.der().clone();
        let sha256 = digest(&SHA256, &certificate).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = PrivateKeyDer::from(key);
        let key = CertifiedKey::from_der(vec![certificate], key, &default_provider())?;
        Ok(Self { key: Arc::new(key), sha256 })
    }
}
