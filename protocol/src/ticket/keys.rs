//! The keys that sign tickets, and the netcode key derived from them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Maximum bytes of a key id.
pub(super) const MAX_KEY_ID_BYTES: usize = 16;
/// Minimum bytes of a secret.
const MIN_SECRET_BYTES: usize = 32;
/// The id of a key that is given without one.
const DEFAULT_KEY_ID: &str = "k0";

/// Ticket keys by id. The first one signs, all of them verify, so keys can be rotated without downtime.
///
/// Written as one secret of at least 32 bytes, or as `kid:base64,kid:base64`.
///
/// ```
/// use realmgate_protocol::ticket::{BadKeys, KeyRing};
///
/// // A new key signs. Tickets of the old one stay valid until it is removed.
/// let old = "old:b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQ=";
/// let new = "new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=";
/// let keys: KeyRing = format!("{new},{old}").parse()?;
/// assert_eq!(keys.signing_id(), "new");
/// assert_eq!(keys.iter().count(), 2);
///
/// assert_eq!("short".parse::<KeyRing>().err(), Some(BadKeys::TooShort));
/// # Ok::<(), BadKeys>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// Why a text is not a key ring. Never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// A secret has fewer than 32 bytes.
    #[error("a key must have at least 32 bytes")]
    TooShort,
    /// A part is not `kid:base64`, or its id is illegal.
    #[error("expected one secret, or kid:base64,kid:base64 with ids of 1 to 16 ASCII letters, digits, '-' or '_'")]
    Malformed,
    /// Two keys have this id.
    #[error("duplicate key id {0}")]
    Repeated(String),
}

impl KeyRing {
    /// The id of the key that signs.
    pub fn signing_id(&self) -> &str {
        &self.keys[0].0
    }

    /// The secret of the key that signs.
    fn signing_secret(&self) -> &[u8] {
        &self.keys[0].1
    }

    /// The keys by id, the signing one first. For other signatures (JWT) that rotate the same way.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.keys.iter().map(|(id, secret)| (id.as_str(), secret.as_slice()))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 32] {
        mac(self.signing_secret(), bytes).finalize().into_bytes().into()
    }

    /// Whether the MAC is right, compared in constant time; `None` for an unknown key id.
    pub(super) fn verify(&self, key_id: &str, bytes: &[u8], claimed: &[u8]) -> Option<bool> {
        let (_, secret) = self.keys.iter().find(|(id, _)| id == key_id)?;
        Some(mac(secret, bytes).verify_slice(claimed).is_ok())
    }

    /// The private key of netcode connect tokens: HKDF-SHA256 of the signing key.
    pub fn netcode_key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        if Hkdf::<Sha256>::new(None, self.signing_secret()).expand(b"realmgate netcode key 1", &mut key).is_err() {
            unreachable!("HKDF-SHA256 yields up to 8,160 bytes, 32 are asked for");
        }
        key
    }
}

fn mac(secret: &[u8], bytes: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret) else { unreachable!("HMAC takes keys of any length") };
    mac.chain_update(bytes)
}

impl FromStr for KeyRing {
    type Err = BadKeys;

    fn from_str(text: &str) -> Result<Self, BadKeys> {
        let text = text.trim();
        let mut keys: Vec<(String, Zeroizing<Vec<u8>>)> = Vec::new();
        if text.contains(':') {
            for part in text.split(',') {
                let (id, secret) = part.split_once(':').ok_or(BadKeys::Malformed)?;
                let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
                if !(1..=MAX_KEY_ID_BYTES).contains(&id.len()) || !id.bytes().all(legal) {
                    return Err(BadKeys::Malformed);
                }
                if keys.iter().any(|(other, _)| other == id) {
                    return Err(BadKeys::Repeated(id.to_owned()));
                }
                keys.push((id.to_owned(), Zeroizing::new(STANDARD.decode(secret).map_err(|_| BadKeys::Malformed)?)));
            }
        } else {
            keys.push((DEFAULT_KEY_ID.to_owned(), Zeroizing::new(text.as_bytes().to_vec())));
        }
        if keys.iter().any(|(_, secret)| secret.len() < MIN_SECRET_BYTES) {
            return Err(BadKeys::TooShort);
        }
        Ok(Self { keys })
    }
}

/// Shows only the ids.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_malformed_keys_are_refused() {
        let fault = |text: &str| text.parse::<KeyRing>().err();
        let secret = |bytes: usize| STANDARD.encode(vec![7; bytes]);
        let (good, short) = (secret(32), secret(31));
        assert_eq!((fault(&"x".repeat(32)), fault(&"x".repeat(31))), (None, Some(BadKeys::TooShort)));
        assert_eq!(fault(""), Some(BadKeys::TooShort));
        assert_eq!(fault(&format!("a:{good},b:{good}")), None);
        for weak in [format!("a:{short}"), format!("a:{good},b:{short}"), format!("a:{short},b:{good}")] {
            assert_eq!(fault(&weak), Some(BadKeys::TooShort), "{weak}");
        }
        let longest = "Az09-_".repeat(3)[..16].to_owned();
        assert_eq!(fault(&format!("{longest}:{good}")), None);
        for id in ["", "a b", "a.b", "ä", &format!("{longest}x")] {
            assert_eq!(fault(&format!("{id}:{good}")), Some(BadKeys::Malformed), "{id:?}");
        }
        for malformed in ["a:!!!".to_owned(), format!("a:{good},"), format!("a:{good},{good}")] {
            assert_eq!(fault(&malformed), Some(BadKeys::Malformed), "{malformed}");
        }
        assert_eq!(fault(&format!("a:{good},b:{good},a:{good}")), Some(BadKeys::Repeated("a".to_owned())));
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let before: KeyRing = format!("old:{old}").parse().unwrap();
        let during: KeyRing = format!("new:{new},old:{old}").parse().unwrap();
        let after: KeyRing = format!("new:{new}").parse().unwrap();
        assert_eq!((before.signing_id(), during.signing_id()), ("old", "new"));
        assert_eq!(during.sign(b"x"), after.sign(b"x"));
        assert_eq!(during.verify("old", b"x", &before.sign(b"x")), Some(true));
        assert_eq!(during.verify("new", b"x", &during.sign(b"x")), Some(true));
        assert_eq!(during.verify("old", b"x", &during.sign(b"x")), Some(false), "each verifies its own");
        assert_eq!(during.verify("new", b"y", &during.sign(b"x")), Some(false));
        assert_eq!(during.verify("gone", b"x", &before.sign(b"x")), None);
        assert_eq!(during.netcode_key(), after.netcode_key(), "and the first is that of connect tokens");
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let keys: KeyRing = "a very secret secret of 32 bytes!!!".parse().unwrap();
        assert_eq!(format!("{keys:?}"), r#"["k0"]"#);
        let secret = STANDARD.encode([7; 32]);
        let keys: KeyRing = format!("new:{secret},old:{secret}").parse().unwrap();
        assert_eq!(format!("{keys:?}"), r#"["new", "old"]"#);
    }
}
