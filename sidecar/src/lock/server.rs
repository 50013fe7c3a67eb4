//! The lock of a server: that a replica or a map server is the one it says it is.
//!
//! It is identified by a cookie, which the server gets when it registers and shows when it comes back. With it, it
//! reclaims what it held, as if nothing had happened; without it, or too late, everything it held is released.

use std::fmt;
use std::str::FromStr;

use realmgate_protocol::ids::ServerId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::timers::{ID_HELD, Timers, deadline};
use super::{BadOwner, LockOwner};

/// Which server a lock is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServerKey {
    /// A sidecar replica.
    Replica(String),
    /// A map server.
    Map(ServerId),
}

/// What is kept of a cookie: enough to know it again, not enough to show it. A cookie is 24 random bytes, so that one
/// round of SHA-256 is enough.
#[derive(Clone, Copy, Hash, Eq)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "it is equality of all bytes, in constant time")]
pub struct CookieHash([u8; 32]);

/// A text that is no hash of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hash of a cookie is 64 hexadecimal digits")]
pub struct BadCookieHash;

/// A server's lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerLock {
    /// Of the cookie that its process shows.
    pub cookie: CookieHash,
    /// When it was last heard of; database time.
    pub heard_ms: u64,
    /// When it is released unless it is heard of before.
    pub deadline_ms: u64,
}

/// What a server gets that asks for its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the process that held the lock: it may reclaim what it held.
    Returned,
    /// It is a new process, or it comes too late: what was held under this id is released, and it gets a new cookie.
    New,
    /// Somebody else lives under this id.
    Taken,
}

impl ServerLock {
    /// A lock of a server that is heard of now.
    pub fn heard(key: &ServerKey, cookie: CookieHash, now_ms: u64, timers: &Timers) -> Self {
        let patience = match key {
            ServerKey::Replica(_) => timers.replica_reconnect,
            ServerKey::Map(_) => timers.map_reconnect,
        };
        Self { cookie, heard_ms: now_ms, deadline_ms: deadline(now_ms, patience) }
    }

    /// What somebody gets who asks for a server's lock, showing this cookie or none. Whoever shows the cookie is late when
    /// a timer has ended the lock, and not before: after an outage timers give a grace, of which the clock knows nothing.
    pub fn claim(existing: Option<&Self>, shown: Option<&CookieHash>, now_ms: u64) -> Claim {
        let Some(lock) = existing else { return Claim::New };
        if shown == Some(&lock.cookie) {
            Claim::Returned
        } else if now_ms < deadline(lock.heard_ms, ID_HELD) {
            Claim::Taken
        } else {
            Claim::New
        }
    }

    /// Whether the timer has run out.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.deadline_ms <= now_ms
    }
}

impl CookieHash {
    /// Of a cookie.
    pub fn of(cookie: &str) -> Self {
        Self(Sha256::digest(cookie.as_bytes()).into())
    }
}

/// As the store has it: hexadecimal.
impl fmt::Display for CookieHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for CookieHash {
    type Err = BadCookieHash;

    fn from_str(text: &str) -> Result<Self, BadCookieHash> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(BadCookieHash);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| BadCookieHash)?;
        }
        Ok(Self(bytes))
    }
}

/// Compared in constant time.
impl PartialEq for CookieHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for CookieHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieHash(..)")
    }
}

impl FromStr for ServerKey {
    type Err = BadOwner;

    fn from_str(text: &str) -> Result<Self, BadOwner> {
        match text.parse()? {
            LockOwner::Gateway(id) => Ok(Self::Replica(id)),
            LockOwner::Map(id) => Ok(Self::Map(id)),
            LockOwner::None => Err(BadOwner(text.to_owned())),
        }
    }
}

/// The store's name for it, the same as that of the owner in the locks it holds.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replica(id) => write!(f, "gateway:{id}"),
            Self::Map(id) => write!(f, "map:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn map() -> ServerKey {
        ServerKey::Map("map-1".parse().unwrap())
    }

    fn lock() -> ServerLock {
        ServerLock::heard(&map(), CookieHash::of("own"), NOW, &Timers::default())
    }

    fn claim(cookie: Option<&str>, now_ms: u64) -> Claim {
        ServerLock::claim(Some(&lock()), cookie.map(CookieHash::of).as_ref(), now_ms)
    }

    #[test]
    fn the_first_of_an_id_is_new() {
        assert_eq!(ServerLock::claim(None, None, NOW), Claim::New);
        assert_eq!(ServerLock::claim(None, Some(&CookieHash::of("own")), NOW), Claim::New, "nothing is known of it");
    }

    #[test]
    fn a_cookie_brings_everything_back_until_a_timer_has_ended_the_lock() {
        let patience = 600_000;
        assert_eq!(claim(Some("own"), NOW + patience - 1), Claim::Returned);
        assert_eq!(claim(Some("own"), NOW + patience), Claim::Returned, "whether it is too late, the timers say");
        assert!(!lock().is_over(NOW + patience - 1));
        assert!(lock().is_over(NOW + patience));
    }

    #[test]
    fn a_live_id_is_not_for_others() {
        assert_eq!(claim(None, NOW), Claim::Taken);
        assert_eq!(claim(Some("other"), NOW + 29_999), Claim::Taken);
        assert_eq!(claim(Some("other"), NOW + 30_000), Claim::New, "the silent do not hold up their successor");
    }

    #[test]
    fn replicas_have_a_shorter_timer() {
        let key = ServerKey::Replica("gateway-1".to_owned());
        let lock = ServerLock::heard(&key, CookieHash::of("own"), NOW, &Timers::default());
        assert!(lock.is_over(NOW + 30_000));
        assert_eq!(key.to_string(), "gateway:gateway-1");
        assert_eq!(map().to_string(), "map:map-1");
    }

    #[test]
    fn a_cookie_is_kept_as_its_hash_and_not_shown() {
        let hash = CookieHash::of("own");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!(!format!("{:?}", lock()).contains(&hash.to_string()));
        for bad in ["", "own", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(bad.parse::<CookieHash>(), Err(BadCookieHash), "{bad}");
        }
    }
}
