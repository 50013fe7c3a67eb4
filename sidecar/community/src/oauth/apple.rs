//! Apple: OpenID Connect with a client secret that we sign, and an answer that comes as a form.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use realmgate_platform::clock::Clock;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;

use super::identity::Identity;
use super::openid::{Expected, IdTokenAnswer, OpenId};
use super::outward::{Outward, ProviderError};
use super::providers::{Flow, address};
use super::settings::AppleSettings;

/// How long a secret that we sign lives.
const SECRET_LIVES_S: u64 = 300;

/// Apple.
pub struct Apple {
    settings: AppleSettings,
    key: EncodingKey,
    openid: OpenId,
    outward: Arc<Outward>,
    clock: Clock,
}

/// A client secret's claims.
#[derive(Serialize)]
struct Secret<'a> {
    iss: &'a str,
    iat: u64,
    exp: u64,
    aud: &'a str,
    sub: &'a str,
}

/// The key that secrets are signed with; `None` for a text that is none.
pub(super) fn signing_key(pem: &str) -> Option<EncodingKey> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let key = EncodingKey::from_ec_der(der.secret_pkcs8_der());
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), &serde_json::json!({}), &key).is_ok().then_some(key)
}

impl Apple {
    /// Asks nothing yet.
    pub fn new(settings: AppleSettings, key: EncodingKey, outward: Arc<Outward>, clock: Clock) -> Self {
        let openid = OpenId::new(&settings.issuer, Vec::new(), outward.clone(), clock.clone());
        Self { settings, key, openid, outward, clock }
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
                ("response_mode", "form_post"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", flow.redirect_uri),
                ("scope", "name email"),
                ("state", flow.state),
                ("nonce", flow.nonce),
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
        let nonce = flow.map(|flow| flow.nonce);
        self.trade(code, &self.settings.client_id, Some(redirect_uri), nonce).await
    }

    /// Trades a code that an app has got; `None` where there is no app.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn by_app(&self, code: &str) -> Option<Result<Identity, ProviderError>> {
        let app = self.settings.app_id.as_ref()?;
        Some(self.trade(code, app, None, None).await)
    }

    async fn trade(
        &self,
        code: &str,
        client: &String,
        redirect_uri: Option<&str>,
        nonce: Option<&str>,
    ) -> Result<Identity, ProviderError> {
        let secret = self.secret(client)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", client.as_str()),
            ("client_secret", &secret),
        ];
        form.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        let endpoint = self.openid.endpoints().await?.token_endpoint.clone();
        let answer: IdTokenAnswer = self.outward.post(&endpoint, &form).await?;
        self.openid.identity(&answer.id_token, &Expected { audience: std::slice::from_ref(client), nonce }).await
    }

    fn secret(&self, client: &str) -> Result<String, ProviderError> {
        let now_s = self.clock.now_ms() / 1_000;
        let AppleSettings { team_id, key_id, issuer, .. } = &self.settings;
        let claims = Secret { iss: team_id, iat: now_s, exp: now_s + SECRET_LIVES_S, aud: issuer, sub: client };
        let header = Header { kid: Some(key_id.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| {
            tracing::error!(%error, "signing Apple's client secret failed");
            ProviderError::Unbelievable("the server's key for this provider is invalid")
        })
    }
}
