//! Redirects plain HTTP to HTTPS.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rustls::pki_types::ServerName;

use super::certificate::Certificate;
use crate::error::{Error, ErrorCode};

/// The target of the redirects.
#[derive(Clone)]
struct Target {
    certificate: Arc<Certificate>,
    port: u16,
}

/// Answers everything with 308 to `https://<the requested host>:<port>`, path and query kept.
pub fn router(certificate: Arc<Certificate>, port: u16) -> Router {
    Router::new().fallback(redirect).with_state(Target { certificate, port })
}

async fn redirect(State(target): State<Target>, uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(without_port);
    // A redirect to a host that the certificate is not for would end in an error, or at somebody else's server.
    let Some(host) = host.filter(|host| is_served(&target.certificate, host)) else {
        return Error::new(ErrorCode::BadRequest, "The certificate is not valid for this Host").into_response();
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let port = if target.port == 443 { String::new() } else { format!(":{}", target.port) };
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, format!("https://{host}{port}{path}"))]).into_response()
}

fn is_served(certificate: &Certificate, host: &str) -> bool {
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(name).is_ok_and(|name| certificate.names(&name))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons inside `[::1]` do not start a port.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}
