//! OpenID Connect: where a provider's endpoints and keys are, and whether an id token is its own and meant for us.
//!
//! After OpenID Connect Core 1.0, section 3.1.3.7, and Discovery 1.0.

use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use realmgate_platform::clock::Clock;
use serde::Deserialize;

use super::identity::{Address, Identity};
use super::outward::{Outward, ProviderError, is_safe};

/// A provider's keys are asked for again after this, so that one that it took back ends.
const KEYS_LIVE_MS: u64 = 60 * 60 * 1_000;
/// And for a key that is not among them, or after a failure, at most this often: strangers choose the names of keys.
const KEYS_AGAIN_MS: u64 = 10_000;
/// How far a provider's clock may be off.
const LEEWAY_S: u64 = 60;
/// Longest id token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// What tokens are signed with. None of them works with a key that everybody knows.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

const WRONG_AUDIENCE: ProviderError = ProviderError::Unbelievable("the id token is for another client");
const FORGED: ProviderError = ProviderError::Unbelievable("the id token is invalid");

/// A provider that speaks OpenID Connect.
pub struct OpenId {
    issuer: String,
    /// Other names that the issuer has in its tokens.
    also_called: Vec<String>,
    outward: Arc<Outward>,
    clock: Clock,
    known: Mutex<Option<Known>>,
    /// Why nothing could be read, and when.
    failed: Mutex<Option<(u64, ProviderError)>>,
    /// Held by the call that reads. Others wait for it only if what is known does not serve them.
    reading: tokio::sync::Mutex<()>,
}

/// What a provider publishes.
#[derive(Clone)]
struct Known {
    endpoints: Arc<Endpoints>,
    keys: Arc<JwkSet>,
    at_ms: u64,
}

/// From `/.well-known/openid-configuration`.
#[derive(Debug, Deserialize)]
pub struct Endpoints {
    issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are traded.
    pub token_endpoint: String,
    jwks_uri: String,
}

/// Whom a token has to be for.
pub struct Expected<'a> {
    /// Our names at the provider.
    pub audience: &'a [String],
    /// What was sent along when the token was asked for; `None` where somebody else has asked for it.
    pub nonce: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    exp: u64,
    iat: Option<u64>,
    nonce: Option<String>,
    azp: Option<String>,
    email: Option<String>,
    email_verified: Option<Truth>,
    name: Option<String>,
    picture: Option<String>,
}

/// What is of the audience: whether there is more than one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    Many(Vec<String>),
    One(serde::de::IgnoredAny),
}

/// Apple says it as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Flag(bool),
    Text(String),
}

/// A token endpoint's answer.
#[derive(Deserialize)]
pub struct IdTokenAnswer {
    /// Who somebody is, signed.
    pub id_token: String,
}

impl OpenId {
    /// A provider by its issuer, whose tokens may also name `also_called` as theirs. Nothing is asked before it is needed.
    pub fn new(issuer: &str, also_called: Vec<String>, outward: Arc<Outward>, clock: Clock) -> Self {
        let issuer = issuer.trim_end_matches('/').to_owned();
        let (known, failed, reading) = <(Mutex<_>, Mutex<_>, tokio::sync::Mutex<_>)>::default();
        Self { issuer, also_called, outward, clock, known, failed, reading }
    }

    /// Where its endpoints are.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn endpoints(&self) -> Result<Arc<Endpoints>, ProviderError> {
        Ok(self.known(|_| true).await?.endpoints)
    }

    /// Who somebody is, by a token that has to be the provider's, for us, and not have ended.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn identity(&self, token: &str, expected: &Expected<'_>) -> Result<Identity, ProviderError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(FORGED);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| FORGED)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(FORGED);
        }
        let known = self.known(|keys| key_of(keys, header.kid.as_deref()).is_some()).await?;
        let key = key_of(&known.keys, header.kid.as_deref()).ok_or(FORGED)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| FORGED)?;
        let mut validation = Validation::new(header.alg);
        validation.set_audience(expected.audience);
        validation.set_issuer(&[&[self.issuer.clone()][..], &self.also_called].concat());
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // By our clock, below.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let claims: Claims = jsonwebtoken::decode(token, &key, &validation).map_err(|error| refused(&error))?.claims;
        self.check(&claims, expected)?;
        Ok(claims.into())
    }

    /// What the library leaves to us.
    fn check(&self, claims: &Claims, expected: &Expected<'_>) -> Result<(), ProviderError> {
        let now_s = self.clock.now_ms() / 1_000;
        if claims.exp.saturating_add(LEEWAY_S) < now_s || claims.iat.is_some_and(|iat| iat > now_s + LEEWAY_S) {
            return Err(ProviderError::Unbelievable("the id token has expired"));
        }
        if expected.nonce.is_some() && claims.nonce.as_deref() != expected.nonce {
            return Err(ProviderError::Unbelievable("the id token belongs to another login"));
        }
        let is_ours = |name: &String| expected.audience.contains(name);
        let is_alone = match &claims.aud {
            Audience::Many(all) => all.len() == 1,
            Audience::One(_) => true,
        };
        match &claims.azp {
            Some(party) if !is_ours(party) => Err(WRONG_AUDIENCE),
            None if !is_alone => Err(WRONG_AUDIENCE),
            _ if claims.sub.is_empty() || claims.sub.len() > 255 => Err(FORGED),
            _ => Ok(()),
        }
    }

    /// What the provider publishes: what was read last, as long as that is young and `is_enough`.
    async fn known(&self, is_enough: impl Fn(&JwkSet) -> bool) -> Result<Known, ProviderError> {
        if let Some(known) = self.known_already(&is_enough) {
            return Ok(known);
        }
        let _alone = self.reading.lock().await;
        // Another call may have read meanwhile, or failed to.
        if let Some(known) = self.known_already(&is_enough) {
            return Ok(known);
        }
        let now_ms = self.clock.now_ms();
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, error)) = failed.filter(|(at_ms, _)| now_ms.saturating_sub(*at_ms) < KEYS_AGAIN_MS) {
            return Err(error);
        }
        match self.read(now_ms).await {
            Ok(read) => {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
                Ok(read)
            }
            // That is our own fault, and over at once.
            Err(ProviderError::Busy) => Err(ProviderError::Busy),
            Err(error) => {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, error.clone()));
                Err(error)
            }
        }
    }

    /// What was read last, if it serves.
    fn known_already(&self, is_enough: impl Fn(&JwkSet) -> bool) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let age_ms = self.clock.now_ms().saturating_sub(known.at_ms);
        (age_ms < KEYS_AGAIN_MS || (age_ms < KEYS_LIVE_MS && is_enough(&known.keys))).then_some(known)
    }

    async fn read(&self, now_ms: u64) -> Result<Known, ProviderError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer);
        let endpoints: Endpoints = self.outward.get(&url, None).await?;
        let addresses = [&endpoints.authorization_endpoint, &endpoints.token_endpoint, &endpoints.jwks_uri];
        if endpoints.issuer.trim_end_matches('/') != self.issuer || !addresses.into_iter().all(|url| is_safe(url)) {
            return Err(ProviderError::Unbelievable("the provider's configuration is invalid"));
        }
        let keys = Arc::new(self.outward.get(&endpoints.jwks_uri, None).await?);
        Ok(Known { endpoints: Arc::new(endpoints), keys, at_ms: now_ms })
    }
}

/// The key of a name; without a name, the only one there is.
fn key_of<'a>(keys: &'a JwkSet, name: Option<&str>) -> Option<&'a Jwk> {
    match (name, keys.keys.as_slice()) {
        (Some(name), _) => keys.find(name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn refused(error: &jsonwebtoken::errors::Error) -> ProviderError {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidAudience => WRONG_AUDIENCE,
        ErrorKind::InvalidIssuer => ProviderError::Unbelievable("the id token is from another provider"),
        _ => FORGED,
    }
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        let is_verified = match claims.email_verified {
            Some(Truth::Flag(flag)) => flag,
            Some(Truth::Text(text)) => text == "true",
            None => false,
        };
        Self {
            subject: claims.sub,
            address: claims.email.map(|text| Address { text, is_verified }),
            name: claims.name.unwrap_or_default(),
            picture: claims.picture.unwrap_or_default(),
        }
    }
}
