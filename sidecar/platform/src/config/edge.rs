//! Settings between the sockets and the routes: TLS, the redirect to it, connection limits, trusted proxies.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::defaults::defaults;
use super::{ConfigError, TrustedProxies};

/// The flags and environment variables of the listeners' edge.
#[derive(Debug, Clone, clap::Args)]
pub struct EdgeSettings {
    /// Certificate chain of the three listeners, PEM; they then speak TLS only. A replaced file is loaded without a restart
    #[arg(long, env = "TLS_CERT_FILE", requires = "tls_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of TLS_CERT_FILE, PEM
    #[arg(long, env = "TLS_KEY_FILE", requires = "tls_cert_file")]
    pub tls_key_file: Option<PathBuf>,
    /// Address of a listener that redirects plain HTTP to the API's https URL with 308 [default: none]
    #[arg(long, env = "HTTP_REDIRECT_ADDR", requires = "tls_cert_file")]
    pub http_redirect_addr: Option<SocketAddr>,
    /// Port in that URL [default: API_ADDR's]
    #[arg(long, env = "HTTP_REDIRECT_PORT")]
    pub http_redirect_port: Option<u16>,
    /// Open connections per listener, WebSockets included; more wait in the kernel's queue
    #[arg(long, env = "MAX_CONNECTIONS", default_value_t = 16_384, value_parser = super::at_least_one())]
    pub max_connections: u32,
    /// Open connections per listener from one IP; more are closed. This machine and TRUSTED_PROXIES are exempt
    #[arg(long, env = "MAX_CONNECTIONS_PER_IP", default_value_t = 256, value_parser = super::at_least_one())]
    pub max_connections_per_ip: u32,
    /// Trusted sources of X-Forwarded-For: addresses and networks such as 10.0.0.0/8, comma separated [default: none]
    #[arg(long, env = "TRUSTED_PROXIES")]
    pub trusted_proxies: Option<String>,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        defaults()
    }
}

/// The checked edge settings of the listeners.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Certificate and key; `None` where the listeners speak plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The listener that redirects plain HTTP to HTTPS; `None` where there is none.
    pub redirect: Option<Redirect>,
    /// Connection limits of each listener.
    pub connections: ConnectionLimits,
    /// Proxies that are trusted to name a client's address.
    pub proxies: TrustedProxies,
}

/// Paths of the certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The leaf's private key.
    pub key: PathBuf,
}

/// The listener that redirects plain HTTP to HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redirect {
    /// The address to bind (`HTTP_REDIRECT_ADDR`).
    pub addr: SocketAddr,
    /// The port in the redirect's URL; `None` for the API's own.
    pub port: Option<u16>,
}

/// How many connections one listener may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In total.
    pub total: u32,
    /// From one IP address.
    pub per_ip: u32,
}

impl EdgeSettings {
    /// Checks that settings that belong together are given together.
    ///
    /// # Errors
    /// When only one of `TLS_CERT_FILE` and `TLS_KEY_FILE` is given, `HTTP_REDIRECT_ADDR` is given without them, or
    /// `TRUSTED_PROXIES` cannot be parsed.
    pub fn resolve(&self) -> Result<Edge, ConfigError> {
        // The command line asks for this too; settings made in code have no command line.
        let tls = match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate: certificate.clone(), key: key.clone() }),
            (None, None) => None,
            (Some(_), None) => return Err(ConfigError::new("TLS_KEY_FILE", "is required with TLS_CERT_FILE")),
            (None, Some(_)) => return Err(ConfigError::new("TLS_CERT_FILE", "is required with TLS_KEY_FILE")),
        };
        if self.http_redirect_addr.is_some() && tls.is_none() {
            let why = "redirects to https: set TLS_CERT_FILE and TLS_KEY_FILE too, or remove this setting";
            return Err(ConfigError::new("HTTP_REDIRECT_ADDR", why));
        }
        Ok(Edge {
            tls,
            redirect: self.http_redirect_addr.map(|addr| Redirect { addr, port: self.http_redirect_port }),
            connections: ConnectionLimits { total: self.max_connections, per_ip: self.max_connections_per_ip },
            proxies: TrustedProxies::parse(self.trusted_proxies.as_deref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_comes_with_its_key_and_a_redirect_with_both() {
        let file = || Some(PathBuf::from("file.pem"));
        let of = |change: fn(&mut EdgeSettings)| {
            let mut settings = EdgeSettings::default();
            change(&mut settings);
            settings
        };
        let key_of = |settings: EdgeSettings| settings.resolve().unwrap_err().key;
        assert_eq!(key_of(EdgeSettings { tls_cert_file: file(), ..EdgeSettings::default() }), "TLS_KEY_FILE");
        assert_eq!(key_of(EdgeSettings { tls_key_file: file(), ..EdgeSettings::default() }), "TLS_CERT_FILE");
        let redirect = of(|settings| settings.http_redirect_addr = "127.0.0.1:0".parse().ok());
        assert_eq!(key_of(redirect), "HTTP_REDIRECT_ADDR");
        let proxies = of(|settings| settings.trusted_proxies = Some("10.0.0.0/33".to_owned()));
        assert_eq!(key_of(proxies), "TRUSTED_PROXIES");
        let neither = EdgeSettings::default().resolve().unwrap();
        assert_eq!((neither.tls, neither.redirect), (None, None));
        let addr = "127.0.0.1:80".parse().unwrap();
        let whole = EdgeSettings {
            tls_cert_file: Some("cert.pem".into()),
            tls_key_file: Some("key.pem".into()),
            http_redirect_addr: Some(addr),
            http_redirect_port: Some(4_433),
            ..EdgeSettings::default()
        };
        let whole = whole.resolve().unwrap();
        assert_eq!(whole.tls, Some(TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into() }));
        assert_eq!(whole.redirect, Some(Redirect { addr, port: Some(4_433) }));
    }
}
