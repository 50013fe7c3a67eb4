//! Certificates that are made for a test, and clients that trust them.

use std::path::PathBuf;
use std::sync::Arc;

use realmgate_sidecar::config::Settings;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

/// A certificate and its key, in files.
pub struct Certificates {
    dir: TempDir,
}

impl Certificates {
    /// Certificates for this machine.
    pub fn new() -> Self {
        let certificates = Self { dir: tempfile::tempdir().unwrap() };
        certificates.renew();
        certificates
    }

    /// Replaces both files. Returns the new certificate as PEM.
    pub fn renew(&self) -> String {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(self.certificate(), made.cert.pem()).unwrap();
        made.cert.pem()
    }

    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    /// Configures a sidecar to speak TLS with them.
    pub fn put_into(&self, settings: &mut Settings) {
        settings.edge.tls_cert_file = Some(self.certificate());
        settings.edge.tls_key_file = Some(self.key());
    }

    pub fn pem(&self) -> String {
        std::fs::read_to_string(self.certificate()).unwrap()
    }

    /// Configuration of a TLS client that trusts the current certificate.
    pub fn believed(&self) -> Arc<ClientConfig> {
        believing(&self.pem())
    }

    /// An HTTP client that trusts the current certificate.
    pub fn client(&self) -> reqwest::Client {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        client.tls_backend_preconfigured(ClientConfig::clone(&self.believed())).build().unwrap()
    }
}

/// Configuration of a TLS client that trusts only this certificate.
pub fn believing(pem: &str) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    Arc::new(builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth())
}
