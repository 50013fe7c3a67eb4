//! TLS towards services at `https` URLs.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

/// Settings that believe the system's certificate authorities.
pub fn client_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "cannot read a certificate of the system");
    }
    roots.add_parsable_certificates(found.certs);
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let Ok(builder) = builder.with_safe_default_protocol_versions() else {
        unreachable!("rustls takes its own versions")
    };
    builder.with_root_certificates(roots).with_no_client_auth()
}
