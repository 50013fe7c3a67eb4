//! Google, or any provider that speaks OpenID Connect with a client secret: its issuer is a setting.

use std::sync::Arc;

use realmgate_platform::clock::Clock;
use secrecy::ExposeSecret;

use super::identity::Identity;
use super::openid::{Expected, IdTokenAnswer, OpenId};
use super::outward::{Outward, ProviderError};
use super::providers::{Flow, address};
use super::settings::GoogleSettings;

/// Google.
pub struct Google {
    settings: GoogleSettings,
    openid: OpenId,
    outward: Arc<Outward>,
}

impl Google {
    /// Asks nothing yet.
    pub fn new(settings: GoogleSettings, outward: Arc<Outward>, clock: Clock) -> Self {
        // Google's own tokens may leave the scheme out.
        let also_called = settings.issuer.strip_prefix("https://").map(str::to_owned).into_iter().collect();
        let openid = OpenId::new(&settings.issuer, also_called, outward.clone(), clock);
        Self { settings, openid, outward }
    }

    /// Where a browser is sent.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn authorization_url(&self, flow: &Flow<'_>) -> Result<String, ProviderError> {
        let endpoints = self.openid.endpoints().await?;
        Ok(address(
            &endpoints.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", flow.redirect_uri),
                ("scope", "openid email profile"),
                ("state", flow.state),
                ("nonce", flow.nonce),
                ("code_challenge", &flow.challenge()),
                ("code_challenge_method", "S256"),
            ],
        ))
    }

    /// Trades a code; `flow` is that which has led to it, if it was ours.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn by_code(
        &self,
        code: &str,
        redirect_uri: &str,
        flow: Option<&Flow<'_>>,
    ) -> Result<Identity, ProviderError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.expose_secret()),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(flow.map(|flow| ("code_verifier", flow.verifier)));
        let endpoint = self.openid.endpoints().await?.token_endpoint.clone();
        let answer: IdTokenAnswer = self.outward.post(&endpoint, &form).await?;
        let audience = std::slice::from_ref(&self.settings.client_id);
        self.openid.identity(&answer.id_token, &Expected { audience, nonce: flow.map(|flow| flow.nonce) }).await
    }

    /// Believes an id token that a game on a phone or in a page has got.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn by_id_token(&self, token: &str) -> Result<Identity, ProviderError> {
        let audience = [std::slice::from_ref(&self.settings.client_id), &self.settings.app_client_ids].concat();
        self.openid.identity(token, &Expected { audience: &audience, nonce: None }).await
    }
}
