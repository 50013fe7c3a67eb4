//! Discord: OAuth 2 with PKCE, and an API that says who somebody is.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::identity::{Address, Identity};
use super::outward::{Outward, ProviderError};
use super::providers::{AccessTokenAnswer, Flow, address};
use super::settings::DiscordSettings;

/// Discord.
pub struct Discord {
    settings: DiscordSettings,
    outward: Arc<Outward>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    username: String,
    global_name: Option<String>,
    email: Option<String>,
    verified: Option<bool>,
    avatar: Option<String>,
}

impl Discord {
    /// Asks nothing yet.
    pub fn new(settings: DiscordSettings, outward: Arc<Outward>) -> Self {
        Self { settings, outward }
    }

    /// Where a browser is sent.
    pub fn authorization_url(&self, flow: &Flow<'_>) -> String {
        address(
            &format!("{}/oauth2/authorize", self.settings.url),
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", flow.redirect_uri),
                ("scope", "identify email"),
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
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", self.settings.client_secret.expose_secret()),
            ("redirect_uri", redirect_uri),
        ];
        form.extend(flow.map(|flow| ("code_verifier", flow.verifier)));
        let token: AccessTokenAnswer =
            self.outward.post(&format!("{}/api/oauth2/token", self.settings.url), &form).await?;
        let me = format!("{}/api/users/@me", self.settings.url);
        let user: User = self.outward.get(&me, Some(&token.access_token)).await?;
        let is_verified = user.verified == Some(true);
        let picture = user.avatar.map(|hash| format!("https://cdn.discordapp.com/avatars/{}/{hash}.png", user.id));
        Ok(Identity {
            subject: user.id,
            address: user.email.map(|text| Address { text, is_verified }),
            name: user.global_name.unwrap_or(user.username),
            picture: picture.unwrap_or_default(),
        })
    }
}
