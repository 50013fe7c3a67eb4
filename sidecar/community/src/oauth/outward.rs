//! Calls to providers: over TLS, for a bounded time, with answers of a bounded size, and no secret in any error.

use std::time::Duration;

use axum::http::Uri;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::bounded_body;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Calls under way at once. One more is refused: players try again, and a provider that hangs holds up nothing else.
const MAX_CALLS: usize = 64;
/// Longest text of a provider that is passed on, in characters.
const MAX_TEXT: usize = 200;

/// Why a provider did not say who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not in time.
    #[error("the provider is not responding")]
    Away,
    /// It has refused, in its own words.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What it says cannot be what it should be.
    #[error("{0}")]
    Unbelievable(&'static str),
    /// Too many calls are under way.
    #[error("too many logins at once")]
    Busy,
}

/// Calls providers.
pub struct Outward {
    client: Client,
    calls: Semaphore,
}

impl Outward {
    /// Calls over TLS. Nothing is followed to another address.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder().connect_timeout(CONNECT_WITHIN).timeout(ANSWER_WITHIN).redirect(Policy::none());
        let client = client.user_agent(concat!("realmgate/", env!("CARGO_PKG_VERSION"))).build()?;
        Ok(Self { client, calls: Semaphore::new(MAX_CALLS) })
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn get<T: DeserializeOwned>(&self, url: &str, bearer: Option<&str>) -> Result<T, ProviderError> {
        let call = self.client.get(url);
        json(&self.answer(bearer.into_iter().fold(call, RequestBuilder::bearer_auth)).await?)
    }

    /// Sends a form, and gets JSON.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn post<T: DeserializeOwned>(&self, url: &str, form: &[(&str, &str)]) -> Result<T, ProviderError> {
        json(&self.post_for_text(url, form).await?)
    }

    /// Sends a form, and gets text.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn post_for_text(&self, url: &str, form: &[(&str, &str)]) -> Result<Vec<u8>, ProviderError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = "application/x-www-form-urlencoded";
        self.answer(self.client.post(url).header(reqwest::header::CONTENT_TYPE, kind).body(body)).await
    }

    async fn answer(&self, call: RequestBuilder) -> Result<Vec<u8>, ProviderError> {
        let _call = self.calls.try_acquire().map_err(|_| ProviderError::Busy)?;
        let call = call.header(reqwest::header::ACCEPT, "application/json");
        let answer = call.send().instrument(tracing::debug_span!("provider")).await.map_err(away)?;
        let status = answer.status();
        let body = bounded_body::read(answer, MAX_ANSWER_BYTES).await.map_err(away)?;
        let body = body.ok_or(ProviderError::Unbelievable("the provider's response is too long"))?;
        match status {
            status if status.is_success() => Ok(body),
            status if status.is_server_error() => {
                tracing::warn!(%status, "provider returned a server error");
                Err(ProviderError::Away)
            }
            status => Err(ProviderError::Refused(
                complaint(&body).unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason").to_owned()),
            )),
        }
    }
}

/// The address of a call may have secrets in it.
fn away(error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    tracing::warn!(error = &error as &dyn std::error::Error, "request to a provider failed");
    ProviderError::Away
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|_| ProviderError::Unbelievable("the provider's response cannot be read"))
}

/// Why a provider refuses, from what it says: `error_description` or `error` of OAuth, or Facebook's `error.message`.
fn complaint(body: &[u8]) -> Option<String> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let texts = [&said["error_description"], &said["error"]["message"], &said["error"]];
    let text = texts.into_iter().find_map(Value::as_str)?;
    Some(text.chars().filter(|char| !char.is_control()).take(MAX_TEXT).collect())
}

/// Whether a provider may be called at this address: over TLS, or on this machine.
pub(super) fn is_safe(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else { return false };
    let host = host.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => !url.contains('@'),
        Some("http") => is_here,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_called_over_tls_or_here() {
        for good in [
            "https://accounts.example",
            "https://a.example/realm",
            "http://127.0.0.1:99",
            "http://[::1]:1",
            "http://localhost:3",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in
            ["http://accounts.example", "ftp://a.example", "accounts.example", "https://", "https://u:p@a.example", ""]
        {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn a_provider_s_complaint_is_short_and_plain() {
        let of = |body: &str| complaint(body.as_bytes());
        assert_eq!(of(r#"{"error": "invalid_grant"}"#).unwrap(), "invalid_grant");
        assert_eq!(of(r#"{"error": "x", "error_description": "the code\nwas used"}"#).unwrap(), "the codewas used");
        assert_eq!(of(r#"{"error": {"message": "bad"}}"#).unwrap(), "bad");
        assert_eq!(of(&format!(r#"{{"error": "{}"}}"#, "x".repeat(999))).unwrap().len(), MAX_TEXT);
        assert_eq!((of("<html>"), of("{}")), (None, None));
    }
}
