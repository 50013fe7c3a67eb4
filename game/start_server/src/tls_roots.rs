//! Verification of the TLS certificate of a directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::ClientBuilder;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_tungstenite::Connector;

use crate::failure::Failure;

/// How the certificate of a directory is verified. The default is for a directory with plain HTTP.
#[derive(Clone, Default)]
pub struct TlsRoots(Option<Arc<ClientConfig>>);

impl TlsRoots {
    /// For a remote directory: accepts certificates signed by an authority of this machine, or by one in
    /// `DIRECTORY_CA_FILE`.
    ///
    /// # Errors
    ///
    /// [`Failure::Settings`] if `DIRECTORY_CA_FILE` cannot be read, is invalid or holds no certificate;
    /// [`Failure::Other`] if TLS cannot be configured.
    pub fn of_authorities(extra: Option<&Path>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        // A machine may have none: then only `extra` is used.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = extra {
            let bad = |why: String| Failure::Settings(format!("DIRECTORY_CA_FILE: {}: {why}", file.display()));
            let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
            let mut added = 0;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
                added += 1;
            }
            if added == 0 {
                return Err(bad("contains no PEM certificate".to_owned()));
            }
        }
        Self::new(|builder| builder.with_root_certificates(roots))
    }

    /// For a directory on this machine that shares our settings: accepts only the certificate in `TLS_CERT_FILE`. The
    /// host name is not checked, since we reach it by its address.
    ///
    /// # Errors
    ///
    /// Fails if TLS cannot be configured.
    pub fn of_certificate(file: PathBuf) -> Result<Self, Failure> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        let verifier = Arc::new(Pinned { file, algorithms });
        Self::new(|builder| builder.dangerous().with_custom_certificate_verifier(verifier))
    }

    fn new(
        verified: impl FnOnce(
            rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
        ) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>,
    ) -> Result<Self, Failure> {
        let provider: Arc<CryptoProvider> = aws_lc_rs::default_provider().into();
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Failure::Other(error.into()))?;
        Ok(Self(Some(verified(builder).with_no_client_auth().into())))
    }

    /// The TLS connector for WebSockets; `None` without TLS.
    pub fn connector(&self) -> Option<Connector> {
        self.0.clone().map(Connector::Rustls)
    }

    /// Applies it to an HTTP client.
    pub fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        match &self.0 {
            Some(config) => client.tls_backend_preconfigured(ClientConfig::clone(config)),
            None => client,
        }
    }
}

/// Accepts one certificate: the first in a file, read anew at each verification.
#[derive(Debug)]
struct Pinned {
    file: PathBuf,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ours = CertificateDer::from_pem_file(&self.file);
        let ours = ours.map_err(|error| Error::General(format!("TLS_CERT_FILE: {}: {error}", self.file.display())))?;
        if ours == *shown { Ok(ServerCertVerified::assertion()) } else { Err(CertificateError::UnknownIssuer.into()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_authority_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let complaint = || match TlsRoots::of_authorities(Some(&file)) {
            Err(Failure::Settings(why)) => why,
            _ => panic!("it was taken"),
        };
        let named = format!("DIRECTORY_CA_FILE: {}: ", file.display());
        let why = |complaint: String| complaint.strip_prefix(&named).expect("the file is named").to_owned();
        assert!(why(complaint()).contains("No such file"), "it is missing");
        std::fs::write(&file, "garbage").unwrap();
        assert_eq!(why(complaint()), "contains no PEM certificate");
        for damaged in ["?", "AAAA"] {
            let pem = format!("-----BEGIN CERTIFICATE-----\n{damaged}\n-----END CERTIFICATE-----\n");
            std::fs::write(&file, pem).unwrap();
            assert_ne!(why(complaint()), "contains no PEM certificate", "there is one, and it is damaged");
        }
        let made = rcgen::generate_simple_self_signed(["directory.example".to_owned()]).unwrap();
        std::fs::write(&file, made.cert.pem()).unwrap();
        assert!(TlsRoots::of_authorities(Some(&file)).is_ok());
    }
}
