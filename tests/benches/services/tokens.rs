//! Access tokens as the sidecar signs them, so that nobody has to log in ten thousand times.

use anyhow::{Context, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use realmgate_protocol::ticket::KeyRing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The account.
    #[serde(rename = "userId")]
    pub user_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    /// The log-in.
    pub sid: String,
    /// The account's token version.
    pub ver: i64,
}

/// Signs and checks.
pub struct Keys {
    header: Header,
    signing: EncodingKey,
    checking: DecodingKey,
}

impl Keys {
    /// The keys of a `JWT_SECRET`.
    pub fn of(secret: &str) -> Result<Self> {
        let keys: KeyRing = secret.parse()?;
        let (id, key) = keys.iter().next().context("a key ring has a key")?;
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::HS256) };
        Ok(Self { header, signing: EncodingKey::from_secret(key)?, checking: DecodingKey::from_secret(key)? })
    }

    /// A token that is good for a day.
    pub fn sign(&self, user_id: &str, sid: &str, version: i64) -> Result<String> {
        let iat = now_ms() / 1_000;
        let claims = Claims {
            user_id: user_id.to_owned(),
            iat,
            exp: iat + 24 * 60 * 60,
            jti: Uuid::new_v4().to_string(),
            sid: sid.to_owned(),
            ver: version,
        };
        Ok(jsonwebtoken::encode(&self.header, &claims, &self.signing)?)
    }

    /// What a good token says.
    pub fn open(&self, token: &str) -> Option<Claims> {
        Some(jsonwebtoken::decode(token, &self.checking, &Validation::new(Algorithm::HS256)).ok()?.claims)
    }
}

/// Unix milliseconds.
#[expect(clippy::disallowed_methods, reason = "tokens and rows name the time")]
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
