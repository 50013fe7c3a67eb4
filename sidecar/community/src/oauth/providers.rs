//! The providers that are configured, behind one form: where a browser is sent, and what it comes back with, a refusal too.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::clock::Clock;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::apple::Apple;
use super::discord::Discord;
use super::facebook::Facebook;
use super::google::Google;
use super::identity::{Identity, Provider};
use super::outward::ProviderError;
use super::parameters::Parameters;
use super::settings::ProvidersConfig;
use super::steam::Steam;

/// The way of a browser to a provider and back.
#[derive(Debug, Clone, Copy)]
pub struct Flow<'a> {
    /// Where the provider sends the browser back to.
    pub redirect_uri: &'a str,
    /// What the provider gives back with it.
    pub state: &'a str,
    /// What it puts into an id token.
    pub nonce: &'a str,
    /// What proves that whoever trades the code has begun the flow (RFC 7636).
    pub verifier: &'a str,
}

impl Flow<'_> {
    /// The verifier's hash, which goes with the browser.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier))
    }
}

/// A token endpoint's answer.
#[derive(Deserialize)]
pub(super) struct AccessTokenAnswer {
    /// Opens the provider's API.
    pub access_token: String,
}

/// An address with a query.
pub(super) fn address(base: &str, query: &[(&str, &str)]) -> String {
    let sign = if base.contains('?') { '&' } else { '?' };
    form_urlencoded::Serializer::for_suffix(format!("{base}{sign}"), base.len() + 1).extend_pairs(query).finish()
}

/// What a browser has brought back, or an app has got.
pub enum Proof<'a> {
    /// By way of a browser that we have sent: all its parameters.
    Browser(&'a Parameters, Flow<'a>),
    /// A code or ticket that the caller's own program has got; with where a browser would have been sent back to.
    Code(&'a str, &'a str),
}

/// The providers that are configured.
pub struct Providers {
    google: Option<Google>,
    discord: Option<Discord>,
    apple: Option<Apple>,
    facebook: Option<Facebook>,
    steam: Option<Steam>,
}

impl Providers {
    /// Asks nothing yet.
    pub fn new(config: ProvidersConfig, clock: &Clock) -> Self {
        let ProvidersConfig { google, discord, apple, facebook, steam, outward } = config;
        let google = google.zip(outward.clone()).map(|(settings, out)| Google::new(settings, out, clock.clone()));
        let apple = apple.zip(outward.clone());
        Self {
            google,
            apple: apple.map(|((settings, key), out)| Apple::new(settings, key, out, clock.clone())),
            discord: discord.zip(outward.clone()).map(|(settings, out)| Discord::new(settings, out)),
            facebook: facebook.zip(outward.clone()).map(|(settings, out)| Facebook::new(settings, out)),
            steam: steam.zip(outward).map(|(settings, out)| Steam::new(settings, out)),
        }
    }

    /// Whether players may log in by this one.
    pub fn has(&self, provider: Provider) -> bool {
        match provider {
            Provider::Google => self.google.is_some(),
            Provider::Discord => self.discord.is_some(),
            Provider::Apple => self.apple.is_some(),
            Provider::Facebook => self.facebook.is_some(),
            Provider::Steam => self.steam.is_some(),
        }
    }

    /// Google, for id tokens.
    pub fn google(&self) -> Option<&Google> {
        self.google.as_ref()
    }

    /// Apple, for apps.
    pub fn apple(&self) -> Option<&Apple> {
        self.apple.as_ref()
    }

    /// Where a browser is sent; `None` for a provider that is not configured.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn authorization_url(
        &self,
        provider: Provider,
        flow: &Flow<'_>,
    ) -> Result<Option<String>, ProviderError> {
        Ok(match provider {
            Provider::Google => match &self.google {
                Some(google) => Some(google.authorization_url(flow).await?),
                None => None,
            },
            Provider::Apple => match &self.apple {
                Some(apple) => Some(apple.authorization_url(flow).await?),
                None => None,
            },
            Provider::Discord => self.discord.as_ref().map(|discord| discord.authorization_url(flow)),
            Provider::Facebook => self.facebook.as_ref().map(|facebook| facebook.authorization_url(flow)),
            Provider::Steam => self.steam.as_ref().map(|steam| steam.authorization_url(flow)),
        })
    }

    /// Who somebody is; `None` for a provider that is not configured.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn identity(&self, provider: Provider, proof: &Proof<'_>) -> Result<Option<Identity>, ProviderError> {
        if let (Provider::Steam, Some(steam)) = (provider, &self.steam) {
            return match proof {
                Proof::Browser(said, flow) => steam.by_browser(said, flow).await.map(Some),
                Proof::Code(ticket, _) => steam.by_ticket(ticket).await.map(Some),
            };
        }
        let (code, redirect_uri, flow) = match proof {
            Proof::Browser(said, flow) => (code_of(said)?, flow.redirect_uri, Some(flow)),
            Proof::Code(code, redirect_uri) => (*code, *redirect_uri, None),
        };
        match (provider, &self.google, &self.discord, &self.apple, &self.facebook) {
            (Provider::Google, Some(google), ..) => google.by_code(code, redirect_uri, flow).await.map(Some),
            (Provider::Discord, _, Some(discord), ..) => discord.by_code(code, redirect_uri, flow).await.map(Some),
            (Provider::Apple, _, _, Some(apple), _) => apple.by_code(code, redirect_uri, flow).await.map(Some),
            (Provider::Facebook, .., Some(facebook)) => facebook.by_code(code, redirect_uri, flow).await.map(Some),
            _ => Ok(None),
        }
    }
}

/// The code that a browser has brought, or why there is none.
fn code_of(said: &Parameters) -> Result<&str, ProviderError> {
    match said.get("code").filter(|code| !code.is_empty()) {
        Some(code) => Ok(code),
        None => Err(ProviderError::Refused(said.get("error").unwrap_or("no code").chars().take(100).collect())),
    }
}
