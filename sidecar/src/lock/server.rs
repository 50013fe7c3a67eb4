//! The lock of a server: it shows that a replica or a map server is the one it claims to be.
//!
//! It is identified by a cookie, which the server gets when it registers and shows when it comes back. With the cookie,
//! the server reclaims what it held, as if nothing had happened; without it, or too late, everything it held is
//! released.

use std::fmt;
use std::str::FromStr;

use realmgate_protocol::ids::ServerId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::timers::{ID_HELD, SILENT_AFTER, Timers, deadline};
use super::{BadOwner, CharacterOwner};

/// The server that a lock belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServerKey {
    /// A sidecar replica, by id.
    Replica(String),
    /// A map server, by id.
    Map(ServerId),
}

/// What is kept of a cookie: enough to recognize it, not enough to show it. A cookie is 24 random bytes, so one round
/// of SHA-256 is enough.
#[derive(Clone, Copy, Hash, Eq)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "it is equality of all bytes, in constant time")]
pub struct CookieHash([u8; 32]);

/// The text is not the hash of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hash of a cookie must be 64 hexadecimal digits")]
pub struct BadCookieHash;

/// A server's lock: a lease that ends unless the server renews it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerLock {
    /// The hash of the cookie that its process shows.
    pub cookie: CookieHash,
    /// When the server was last heard of, in database time (Unix milliseconds).
    pub heard_ms: u64,
    /// When the lock is released unless the server is heard of before, in database time (Unix milliseconds).
    pub deadline_ms: u64,
}

/// The answer to a server that asks for its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the process that held the lock: it may reclaim what it held.
    Returned,
    /// It is a new process, or it comes too late: what was held under this id is released, and it gets a new cookie.
    New,
    /// Another process lives under this id.
    Taken,
    /// The cookie is the right one, but the process that showed it first may still be there: it may not be shown twice.
    Connected,
}

impl ServerLock {
    /// The lock of a server that is heard of now.
    pub fn heard(key: &ServerKey, cookie: CookieHash, now_ms: u64, timers: &Timers) -> Self {
        let patience = match key {
            ServerKey::Replica(_) => timers.replica_reconnect,
            ServerKey::Map(_) => timers.map_reconnect,
        };
        Self { cookie, heard_ms: now_ms, deadline_ms: deadline(now_ms, patience) }
    }

    /// The answer to a process that asks for a server's lock, showing this cookie or none. A process that shows the
    /// right cookie is too late once a timer has ended the lock, and not before: after an outage timers give a grace
    /// period that the clock does not show.
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

    /// The same for a replica, which has no connection whose end could be seen: its process counts as alive until it
    /// was silent for longer than a live one ever is, or is known to be gone.
    pub fn claim_replica(
        existing: Option<&Self>,
        shown: Option<&CookieHash>,
        is_known_gone: bool,
        now_ms: u64,
    ) -> Claim {
        let may_live = !is_known_gone && existing.is_some_and(|lock| now_ms < deadline(lock.heard_ms, SILENT_AFTER));
        match Self::claim(existing, shown, now_ms) {
            Claim::Returned if may_live => Claim::Connected,
            claim => claim,
        }
    }

    /// Whether the deadline has passed.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.deadline_ms <= now_ms
    }
}

impl CookieHash {
    /// The hash of a cookie.
    pub fn of(cookie: &str) -> Self {
        Self(Sha256::digest(cookie.as_bytes()).into())
    }
}

/// As the store keeps it: in hexadecimal.
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
            CharacterOwner::Gateway(id) => Ok(Self::Replica(id)),
            CharacterOwner::Map(id) => Ok(Self::Map(id)),
            CharacterOwner::None => Err(BadOwner(text.to_owned())),
        }
    }
}

/// The server's name in the store, the same as that of the owner in the locks it holds.
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
        ServerLock::heard(&map(), CookieHash::of("own"), NOW, &Timers::all_different())
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
        let own = CookieHash::of("own");
        assert_eq!(ServerLock::claim(None, Some(&own), NOW + patience), Claim::New, "a timer has ended it");
        assert_eq!(claim(Some("other"), NOW + patience), Claim::New, "another cookie brings nothing back");
    }

    #[test]
    fn a_live_id_is_not_for_others() {
        for shown in [None, Some("other")] {
            assert_eq!(claim(shown, NOW), Claim::Taken, "{shown:?}");
            assert_eq!(claim(shown, NOW + 29_999), Claim::Taken, "{shown:?}");
            assert_eq!(claim(shown, NOW + 30_000), Claim::New, "the silent do not hold up their successor: {shown:?}");
        }
    }

    #[test]
    fn a_replicas_cookie_is_good_for_one_process_at_a_time() {
        let claim = |cookie: &str, is_known_gone, now_ms| {
            ServerLock::claim_replica(Some(&lock()), Some(&CookieHash::of(cookie)), is_known_gone, now_ms)
        };
        assert_eq!(claim("own", false, NOW + 11_999), Claim::Connected, "it may only be slow");
        assert_eq!(claim("own", false, NOW + 12_000), Claim::Returned, "it is silent for longer than the living are");
        assert_eq!(claim("own", true, NOW), Claim::Returned, "a restart waits for nobody");
        assert_eq!(claim("other", true, NOW), Claim::Taken, "whoever is gone");
        assert_eq!(claim("other", false, NOW), Claim::Taken, "it is another one's cookie");
    }

    #[test]
    fn replicas_have_a_shorter_timer() {
        let key = ServerKey::Replica("gateway-1".to_owned());
        let replica = ServerLock::heard(&key, CookieHash::of("own"), NOW, &Timers::all_different());
        assert_eq!((replica.heard_ms, replica.deadline_ms), (NOW, NOW + 25_000));
        assert!(!replica.is_over(NOW + 24_999) && replica.is_over(NOW + 25_000));
        assert_eq!((lock().heard_ms, lock().deadline_ms), (NOW, NOW + 600_000), "a map server may play on alone");
    }

    #[test]
    fn a_server_has_the_name_of_the_owner_that_it_is() {
        for (key, owner) in [
            (ServerKey::Replica("gateway-1".to_owned()), CharacterOwner::Gateway("gateway-1".to_owned())),
            (map(), CharacterOwner::Map("map-1".parse().unwrap())),
        ] {
            assert_eq!(key.to_string(), owner.to_string());
            assert_eq!(owner.to_string().parse(), Ok(key));
        }
        assert_eq!("none".parse::<ServerKey>(), Err(BadOwner("none".to_owned())), "nobody is no server");
    }

    #[test]
    fn a_cookie_is_kept_as_its_hash_and_not_shown() {
        let hash = CookieHash::of("own");
        let sha_256 = "5b3975651c3cab92d044c096dc30a1c2d9525497457472de48c51ecb363d1f4a";
        assert_eq!(hash.to_string(), sha_256);
        assert_eq!(sha_256.parse(), Ok(hash));
        assert_ne!(CookieHash::of("other"), hash);
        assert_eq!(format!("{hash:?}"), "CookieHash(..)");
        assert!(!format!("{:?}", lock()).contains(sha_256));
        for bad in ["", "own", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(bad.parse::<CookieHash>(), Err(BadCookieHash), "{bad}");
        }
    }
}
