//! Facebook: OAuth 2 with PKCE, and calls that prove that we know the app's secret.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::Sha256;

use super::identity::{Address, Identity};
use super::outward::{Outward, ProviderError};
use super::providers::{AccessTokenAnswer, Flow, address};
use super::settings::FacebookSettings;

/// Facebook.
pub struct Facebook {
    settings: FacebookSettings,
    outward: Arc<Outward>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    email: Option<String>,
    picture: Option<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    data: PictureData,
}

#[derive(Deserialize)]
struct PictureData {
    url: String,
    /// Whether it is the one that Facebook shows for those without.
    #[serde(default)]
    is_silhouette: bool,
}

impl Facebook {
    /// Asks nothing yet.
    pub fn new(settings: FacebookSettings, outward: Arc<Outward>) -> Self {
        Self { settings, outward }
    }

    /// Where a browser is sent.
    pub fn authorization_url(&self, flow: &Flow<'_>) -> String {
        address(
            &format!("{}/dialog/oauth", self.settings.url),
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", flow.redirect_uri),
                ("scope", "public_profile,email"),
                ("state", flow.state),
                ("code_challenge", &flow.challenge()),
                ("code_challenge_method", "S256"),
            ],
        )
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
        let secret = self.settings.client_secret.expose_secret();
        let mut form = vec![
            ("code", code),
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", secret),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(flow.map(|flow| ("code_verifier", flow.verifier)));
        let graph = &self.settings.graph_url;
        let token: AccessTokenAnswer = self.outward.post(&format!("{graph}/oauth/access_token"), &form).await?;
        let proof = app_secret_proof(secret, &token.access_token);
        let me = address(
            &format!("{graph}/me"),
            &[("fields", "id,name,email,picture.type(large)"), ("appsecret_proof", &proof)],
        );
        let user: User = self.outward.get(&me, Some(&token.access_token)).await?;
        Ok(Identity {
            subject: user.id,
            // It does not say whether an address is its owner's.
            address: user.email.map(|text| Address { text, is_verified: false }),
            name: user.name.unwrap_or_default(),
            picture: user.picture.filter(|it| !it.data.is_silhouette).map(|it| it.data.url).unwrap_or_default(),
        })
    }
}

/// That we know the app's secret, without saying it: <https://developers.facebook.com/docs/graph-api/guides/secure-requests>.
fn app_secret_proof(secret: &str, access_token: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(access_token.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_the_hmac_of_the_token() {
        // RFC 4231, test case 2.
        let proof = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(app_secret_proof("Jefe", "what do ya want for nothing?"), proof);
    }
}
