//! Access and refresh tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use realmgate_protocol::ids::AccountId;
use realmgate_protocol::ticket::KeyRing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::TokenTimes;
use crate::error::{Error, ErrorCode};
use crate::sessions::{NewRefreshToken, SessionRow, SessionStore};

const REFRESH_TOKEN_BYTES: usize = 32;
const FAMILY_MAC_BYTES: usize = 16;
/// Longest access token that is parsed, in bytes.
const MAX_TOKEN_BYTES: usize = 2_048;

/// The claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "userId")]
    user_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    sid: String,
    /// The account's token version: raising it in the account revokes every token.
    ver: i64,
}

/// What an access token says that one of our keys has signed and that has not expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignedToken {
    /// The account.
    pub account: AccountId,
    session: Uuid,
    version: i64,
    /// Unix seconds.
    expires: u64,
}

/// The caller that an access token identifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The log-in that the token comes from.
    pub session: Uuid,
    /// The account's role: `player` or `admin`.
    pub role: String,
}

/// Signs and verifies access tokens. Keys rotate by their ids.
struct TokenKeys {
    signing: (String, EncodingKey),
    verifying: Vec<Verifying>,
}

/// A key that verifies tokens.
struct Verifying {
    id: String,
    /// The encoded header of tokens that are signed with it: their text up to the first dot.
    header: String,
    key: DecodingKey,
}

impl TokenKeys {
    /// The keys of `JWT_SECRET`.
    fn new(keys: &KeyRing) -> Self {
        let secrets: Vec<(&str, &[u8])> = keys.iter().collect();
        let (first_id, first) = secrets[0];
        Self {
            signing: (first_id.to_owned(), encoding_key(first)),
            verifying: secrets.iter().map(|(id, key)| Verifying::new(id, key)).collect(),
        }
    }

    fn sign(&self, claims: &Claims) -> Result<String, Error> {
        jsonwebtoken::encode(&header(&self.signing.0), claims, &self.signing.1).map_err(Error::internal)
    }

    /// The claims of a token that one of our keys has signed and that has not expired.
    fn open(&self, token: &str, now_ms: u64) -> Option<Claims> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let key = self.key_of(token)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false; // judged below, by our own clock
        let claims: Claims = jsonwebtoken::decode(token, key, &validation).ok()?.claims;
        (now_ms / 1_000 < claims.exp).then_some(claims)
    }

    /// The key that a token names.
    fn key_of(&self, token: &str) -> Option<&DecodingKey> {
        let (header, _) = token.split_once('.')?;
        // The usual case: our tokens begin with a known header, which need not be parsed.
        if let Some(ours) = self.verifying.iter().find(|verifying| verifying.header == header) {
            return Some(&ours.key);
        }
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        self.verifying.iter().find(|verifying| verifying.id == kid).map(|verifying| &verifying.key)
    }
}

impl Verifying {
    fn new(id: &str, secret: &[u8]) -> Self {
        // A header that cannot be serialized stays empty; its key is found by its id.
        let header = serde_json::to_vec(&header(id)).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default();
        Self { id: id.to_owned(), header, key: decoding_key(secret) }
    }
}

fn encoding_key(secret: &[u8]) -> EncodingKey {
    let Ok(key) = EncodingKey::from_secret(secret) else { unreachable!("a key ring has no empty keys") };
    key
}

fn decoding_key(secret: &[u8]) -> DecodingKey {
    let Ok(key) = DecodingKey::from_secret(secret) else { unreachable!("a key ring has no empty keys") };
    key
}

/// The header of tokens signed with this key.
fn header(key_id: &str) -> Header {
    Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::HS256) }
}

/// Mints and checks the tokens of log-ins.
pub struct Tokens {
    keys: TokenKeys,
    /// The keys of `JWT_SECRET`, which sign refresh tokens too.
    secrets: KeyRing,
    times: TokenTimes,
    log_ins: SessionStore,
    clock: Clock,
}

impl Tokens {
    /// Tokens that these keys sign, for the log-ins of a store.
    pub fn new(secrets: &KeyRing, times: TokenTimes, log_ins: SessionStore, clock: Clock) -> Self {
        Self { keys: TokenKeys::new(secrets), secrets: secrets.clone(), times, log_ins, clock }
    }

    /// A new access token of a session, and its lifetime in seconds.
    ///
    /// # Errors
    /// `INTERNAL` when the token cannot be signed.
    pub fn mint_access(&self, account: AccountId, session: Uuid, version: i64) -> Result<(String, u64), Error> {
        let (iat, expires_in) = (self.clock.now_ms() / 1_000, self.times.access.as_secs());
        let claims = Claims {
            user_id: account.to_string(),
            iat,
            exp: iat + expires_in,
            jti: Uuid::new_v4().to_string(),
            sid: session.to_string(),
            ver: version,
        };
        Ok((self.keys.sign(&claims)?, expires_in))
    }

    /// Verifies an access token and returns its caller.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`] for a token that is forged, expired, revoked or logged out; others when the database
    /// cannot be asked.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, Error> {
        self.find_caller(&self.verify(token)?).await
    }

    /// Verifies an access token's signature and lifetime. It may have been revoked since: nothing may be told or done by it
    /// before [`Tokens::find_caller`] has found its caller.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`] for a token that is forged or expired.
    pub fn verify(&self, token: &str) -> Result<SignedToken, Error> {
        let refuse = || Error::from(ErrorCode::Unauthorized);
        let Claims { user_id, sid, ver, exp, .. } = self.keys.open(token, self.clock.now_ms()).ok_or_else(refuse)?;
        let (account, session) = user_id.parse().ok().zip(sid.parse().ok()).ok_or_else(refuse)?;
        Ok(SignedToken { account, session, version: ver, expires: exp })
    }

    /// Whether a token that was verified before has expired since.
    pub fn has_expired(&self, token: &SignedToken) -> bool {
        self.clock.now_ms() / 1_000 >= token.expires
    }

    /// The caller of a verified token whose log-in has not ended.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthorized`] for a token that is revoked or logged out; others when the database cannot be asked.
    pub async fn find_caller(&self, token: &SignedToken) -> Result<Caller, Error> {
        Self::caller(token, self.log_ins.find_live(token.session).await?)
    }

    /// The caller of a verified token whose log-in has not ended, or was ended by its own user's log-out.
    ///
    /// # Errors
    /// As [`Tokens::find_caller`].
    pub async fn find_caller_of_calls(&self, token: &SignedToken) -> Result<Caller, Error> {
        Self::caller(token, self.log_ins.find_for_calls(token.session).await?)
    }

    fn caller(token: &SignedToken, row: Option<SessionRow>) -> Result<Caller, Error> {
        let row = row.filter(|row| row.account == token.account && row.token_version == token.version);
        let row = row.ok_or(ErrorCode::Unauthorized)?;
        Ok(Caller { account: row.account, session: token.session, role: row.role })
    }

    /// A new random refresh token.
    ///
    /// # Errors
    /// `INTERNAL` when the system gives no random bytes.
    pub fn mint_refresh(&self) -> Result<RefreshToken, Error> {
        let mut bytes = [0; REFRESH_TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
        Ok(self.refresh_token(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The refresh token that a used one is traded for. It is always the same one, so that a trade can be made again; only we can tell
    /// which.
    pub fn next_refresh(&self, used: &str) -> RefreshToken {
        let mac = mac(self.signing_secret(), b"realmgate next refresh token 1").chain_update(random_part(used));
        self.refresh_token(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn refresh_token(&self, text: String) -> RefreshToken {
        let at_ms = self.clock.now_ms();
        let lives_ms = u64::try_from(self.times.refresh.as_millis()).unwrap_or(u64::MAX);
        RefreshToken { hash: hash_refresh(&text), text, expires_at_ms: at_ms.saturating_add(lives_ms), at_ms }
    }

    /// A key for another purpose, which `label` names. It is the same on all sidecars with our `JWT_SECRET`.
    pub fn derived_key(&self, label: &[u8]) -> [u8; 32] {
        mac(self.signing_secret(), label).finalize().into_bytes().into()
    }

    fn signing_secret(&self) -> &[u8] {
        self.secrets.iter().next().map(|(_, key)| key).unwrap_or_default()
    }

    /// The whole token that the client keeps: random part, log-in and signature.
    pub fn seal_refresh(&self, token: &RefreshToken, session: Uuid) -> String {
        let signature = family_mac(self.signing_secret(), &token.text, session).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(&signature[..FAMILY_MAC_BYTES]);
        format!("{}.{}.{signature}", token.text, session.simple())
    }

    /// The log-in that a refresh token names, if one of our keys has signed that.
    pub fn family(&self, token: &str) -> Option<Uuid> {
        let (random, rest) = token.split_once('.')?;
        let (session, signature) = rest.split_once('.')?;
        let session: Uuid = session.parse().ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok().filter(|bytes| bytes.len() == FAMILY_MAC_BYTES)?;
        let signed = |key: &[u8]| family_mac(key, random, session).verify_truncated_left(&signature).is_ok();
        self.secrets.iter().any(|(_, key)| signed(key)).then_some(session)
    }
}

/// An opaque refresh token. Only its hash is stored, and only while it is in force. It names its log-in, signed by us:
/// so a copy of a used one is recognised without keeping every token that was ever issued.
pub struct RefreshToken {
    /// Its random part, which is traded for the next one.
    pub text: String,
    hash: String,
    expires_at_ms: u64,
    at_ms: u64,
}

impl RefreshToken {
    /// The row for the store.
    pub fn row(&self) -> NewRefreshToken<'_> {
        NewRefreshToken { hash: &self.hash, expires_at_ms: self.expires_at_ms, at_ms: self.at_ms }
    }
}

/// The hash that is stored of a refresh token: of its random part, whose 256 bits need no salt and no slow hash.
pub fn hash_refresh(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(random_part(token)))
}

/// What stands before the log-in and the signature of a refresh token.
fn random_part(token: &str) -> &str {
    token.split('.').next().unwrap_or(token)
}

fn family_mac(key: &[u8], random: &str, session: Uuid) -> Hmac<Sha256> {
    mac(key, b"realmgate refresh token 1").chain_update(session.as_bytes()).chain_update(random)
}

/// Access tokens are signed with the same keys; they never begin with such a label.
fn mac(key: &[u8], label: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes keys of any length") };
    mac.chain_update(label)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn keys(text: &str) -> TokenKeys {
        TokenKeys::new(&text.parse().unwrap())
    }

    fn claims() -> Claims {
        Claims { user_id: "u".into(), iat: 1_000, exp: 1_900, jti: "j".into(), sid: "s".into(), ver: 0 }
    }

    #[test]
    fn tokens_live_while_their_key_does() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let token = keys(&format!("old:{old}")).sign(&claims()).unwrap();
        let during = keys(&format!("new:{new},old:{old}"));
        assert_eq!(during.open(&token, 1_899_999).map(|claims| claims.user_id).as_deref(), Some("u"));
        assert!(during.open(&token, 1_900_000).is_none(), "expired");
        assert!(keys(&format!("new:{new}")).open(&token, 1_000_000).is_none(), "the key is gone");
        assert!(keys(&format!("old:{new}")).open(&token, 1_000_000).is_none(), "another key of the same id");
    }

    #[test]
    fn a_token_of_ours_is_known_by_its_beginning() {
        let keys = keys("a secret of at least thirty-two bytes!");
        let token = keys.sign(&claims()).unwrap();
        assert_eq!(token.split('.').next(), Some(keys.verifying[0].header.as_str()));
        let beginning = format!("{}.", keys.verifying[0].header);
        assert!(keys.key_of(&beginning).is_some(), "nothing else of it is read to know whose it is");
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let keys = keys("a secret of at least thirty-two bytes!");
        let signed = keys.sign(&claims()).unwrap();
        assert!(keys.open(&signed, 0).is_some());
        let parts: Vec<&str> = signed.split('.').collect();
        let [ours, body, signature] = parts[..] else { panic!("{signed}") };
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let headers = [r#"{"alg":"none","kid":"k0"}"#, r#"{"alg":"HS256","kid":"k0"}"#, r#"{"alg":"HS256"}"#, "{}"];
        for header in headers.map(part).iter().map(String::as_str).chain([ours]) {
            assert!(keys.open(&format!("{header}.{body}."), 0).is_none(), "{header}");
        }
        let other = part(r#"{"userId":"u","iat":1000,"exp":9999999999,"jti":"j","sid":"s","ver":0}"#);
        assert!(keys.open(&format!("{ours}.{other}.{signature}"), 0).is_none(), "the signature of another body");
    }
}
