//! The listeners' certificate: read at the start, and again whenever its files change.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use crate::config::{ConfigError, TlsFiles};
use crate::secrets::warn_of_readers;

/// The certificate that is presented to clients.
pub struct Certificate {
    files: TlsFiles,
    shown: RwLock<Arc<CertifiedKey>>,
    /// Fingerprint of the files when they were last checked, or why they could not be read.
    seen: Mutex<Result<Fingerprint, ConfigError>>,
}

type Fingerprint = [u8; 32];

/// Contents of both files.
struct Pem {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// When a file cannot be read or parsed, or the key does not fit the certificate.
    pub fn load(files: &TlsFiles) -> Result<Arc<Self>, ConfigError> {
        let pem = Pem::read(files)?;
        warn_of_readers("TLS_KEY_FILE", &files.key);
        let shown = RwLock::new(Arc::new(pem.parse(files)?));
        Ok(Arc::new(Self { files: files.clone(), shown, seen: Mutex::new(Ok(pem.fingerprint())) }))
    }

    /// The TLS settings for accepting connections, with HTTP/1.1.
    ///
    /// # Errors
    /// When rustls takes none of its own protocol versions.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        self.server_config_with(&[b"http/1.1"])
    }

    /// As [`Certificate::server_config`], with HTTP/2 too.
    ///
    /// # Errors
    /// As [`Certificate::server_config`].
    pub fn server_config_http2(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        self.server_config_with(&[super::HTTP_2, b"http/1.1"])
    }

    fn server_config_with(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Loads files that have changed. If they cannot be used, the old certificate stays, and the reason is logged once:
    /// one of the two files is always replaced first, so this may only last until the next check.
    pub fn refresh(&self) {
        let found = Pem::read(&self.files);
        let fingerprint = found.as_ref().map(Pem::fingerprint).map_err(Clone::clone);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == fingerprint {
            return;
        }
        let result = match found.and_then(|pem| pem.parse(&self.files)) {
            Ok(certificate) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
                tracing::info!(file = %self.files.certificate.display(), "TLS certificate reloaded");
                "ok"
            }
            Err(error) => {
                tracing::error!(%error, "cannot load the new TLS certificate: keeping the old one");
                "failed"
            }
        };
        metrics::counter!("realmgate_tls_reloads_total", "result" => result).increment(1);
        *seen = fingerprint;
    }

    /// Whether the certificate is valid for this host.
    pub(super) fn names(&self, host: &ServerName<'_>) -> bool {
        let shown = self.shown();
        let Some(leaf) = shown.cert.first() else { return false };
        ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, host).is_ok())
    }

    fn shown(&self) -> Arc<CertifiedKey> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown())
    }
}

impl Pem {
    fn read(files: &TlsFiles) -> Result<Self, ConfigError> {
        let read = |key: &str, file: &Path| {
            std::fs::read(file).map_err(|error| ConfigError::new(key, format!("{}: {error}", file.display())))
        };
        Ok(Self { certificate: read("TLS_CERT_FILE", &files.certificate)?, key: read("TLS_KEY_FILE", &files.key)? })
    }

    fn fingerprint(&self) -> Fingerprint {
        let length = self.certificate.len().to_le_bytes();
        Sha256::new().chain_update(length).chain_update(&self.certificate).chain_update(&self.key).finalize().into()
    }

    fn parse(&self, files: &TlsFiles) -> Result<CertifiedKey, ConfigError> {
        let bad_certificate =
            |why: String| ConfigError::new("TLS_CERT_FILE", format!("{}: {why}", files.certificate.display()));
        let bad_key = |why: String| ConfigError::new("TLS_KEY_FILE", format!("{}: {why}", files.key.display()));
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| bad_certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(bad_certificate("contains no PEM certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| bad_key(error.to_string()))?;
        let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|error| bad_key(error.to_string()))?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => bad_key("does not match the certificate".to_owned()),
            error => bad_certificate(error.to_string()),
        })?;
        Ok(certified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a new certificate for `name`, and its key.
    fn write(files: &TlsFiles, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    fn files(dir: &tempfile::TempDir) -> TlsFiles {
        TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") }
    }

    fn is_of(certificate: &Certificate, host: &str) -> bool {
        certificate.names(&ServerName::try_from(host).unwrap())
    }

    #[test]
    fn changed_files_are_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(&dir);
        write(&files, "old.example");
        let certificate = Certificate::load(&files).unwrap();
        assert!(is_of(&certificate, "old.example") && !is_of(&certificate, "new.example"));
        write(&files, "new.example");
        assert!(is_of(&certificate, "old.example"), "nobody has looked yet");
        certificate.refresh();
        assert!(is_of(&certificate, "new.example") && !is_of(&certificate, "old.example"));
    }

    #[test]
    fn a_certificate_that_cannot_be_used_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(&dir);
        write(&files, "old.example");
        let certificate = Certificate::load(&files).unwrap();
        let (old_chain, old_key) = (std::fs::read(&files.certificate).unwrap(), std::fs::read(&files.key).unwrap());
        write(&files, "new.example");
        let (new_chain, new_key) = (std::fs::read(&files.certificate).unwrap(), std::fs::read(&files.key).unwrap());
        for (chain, key, why) in [
            (&new_chain, &old_key, "another certificate's key"),
            (&b"garbage".to_vec(), &old_key, "no certificate"),
            (&old_chain, &b"garbage".to_vec(), "no key"),
        ] {
            std::fs::write(&files.certificate, chain).unwrap();
            std::fs::write(&files.key, key).unwrap();
            certificate.refresh();
            assert!(is_of(&certificate, "old.example"), "{why}");
        }
        std::fs::remove_file(&files.key).unwrap();
        certificate.refresh();
        assert!(is_of(&certificate, "old.example"), "a file is gone");
        std::fs::write(&files.certificate, new_chain).unwrap();
        std::fs::write(&files.key, new_key).unwrap();
        certificate.refresh();
        assert!(is_of(&certificate, "new.example"), "once both are there, they are taken up");
    }

    #[test]
    fn what_cannot_be_used_at_the_start_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(&dir);
        assert_eq!(Certificate::load(&files).unwrap_err().key, "TLS_CERT_FILE");
        write(&files, "old.example");
        let other_key = std::fs::read(&files.key).unwrap();
        let named = |setting: &str, file: &Path| {
            let error = Certificate::load(&files).unwrap_err();
            assert_eq!(error.key, setting, "{error}");
            assert!(error.why.starts_with(&format!("{}: ", file.display())), "{error}");
        };
        write(&files, "new.example");
        for key in [&other_key[..], b"garbage"] {
            std::fs::write(&files.key, key).unwrap();
            named("TLS_KEY_FILE", &files.key);
        }
        std::fs::remove_file(&files.key).unwrap();
        named("TLS_KEY_FILE", &files.key);
        std::fs::write(&files.key, &other_key).unwrap();
        std::fs::write(&files.certificate, "garbage").unwrap();
        named("TLS_CERT_FILE", &files.certificate);
    }
}
