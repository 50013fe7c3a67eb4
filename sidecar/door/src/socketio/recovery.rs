//! Connection-state recovery: a session belongs to the user that it was given to.
//!
//! A service restores a session for any client that knows its `pid`, and it trusts the door for the user. So the door
//! signs each `pid` for its namespace and user, and passes on only those that come back with the same two.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the signature that are kept: 22 characters of base64url.
const TAG_BYTES: usize = 16;
/// Longest `pid` of a service that is signed, in bytes.
const MAX_PID_BYTES: usize = 128;

/// Signs the session ids of one door. Replicas share the key.
pub(super) struct Pids {
    key: [u8; 32],
}

impl Pids {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// What the client gets: `pid.tag`. `None` for an id that is too long: the client then cannot recover its session.
    pub(super) fn sign(&self, namespace: &str, user: &str, pid: &str) -> Option<String> {
        if pid.len() > MAX_PID_BYTES {
            return None;
        }
        let tag = self.mac(namespace, user, pid).finalize().into_bytes();
        Some(format!("{pid}.{}", URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES])))
    }

    /// The service's id in a `pid.tag` that a client has sent, if it was signed for this namespace and user.
    pub(super) fn open<'a>(&self, namespace: &str, user: &str, signed: &'a str) -> Option<&'a str> {
        let (pid, tag) = signed.rsplit_once('.')?;
        if pid.len() > MAX_PID_BYTES || tag.len() > 2 * TAG_BYTES {
            return None;
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|tag| tag.len() == TAG_BYTES)?;
        self.mac(namespace, user, pid).verify_truncated_left(&tag).is_ok().then_some(pid)
    }

    fn mac(&self, namespace: &str, user: &str, pid: &str) -> Hmac<Sha256> {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { unreachable!("HMAC takes keys of any length") };
        // No namespace and no account id contains a zero byte.
        mac.chain_update(namespace).chain_update([0]).chain_update(user).chain_update([0]).chain_update(pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_pid_is_opened_for_its_namespace_and_user() {
        let pids = Pids::new([7; 32]);
        let signed = pids.sign("/shop", "u1", "abc.def").unwrap();
        assert_eq!(signed.len(), "abc.def".len() + 1 + 22, "{signed}");
        assert_eq!(pids.open("/shop", "u1", &signed), Some("abc.def"));
    }

    #[test]
    fn pid_of_another_user_namespace_or_key_is_refused() {
        let pids = Pids::new([7; 32]);
        let signed = pids.sign("/shop", "u1", "abc").unwrap();
        assert_eq!(pids.open("/shop", "u2", &signed), None);
        assert_eq!(pids.open("/forum", "u1", &signed), None);
        assert_eq!(pids.open("/shop", "", &signed), None);
        assert_eq!(Pids::new([8; 32]).open("/shop", "u1", &signed), None);
    }

    #[test]
    fn forged_pids_are_refused() {
        let pids = Pids::new([7; 32]);
        let signed = pids.sign("/shop", "u1", "abc").unwrap();
        let long = format!("{}.{}", "x".repeat(MAX_PID_BYTES + 1), &signed[4..]);
        for forged in ["", ".", "abc", "abc.", "abc.é", &signed[..signed.len() - 1], &format!("x{signed}"), &long] {
            assert_eq!(pids.open("/shop", "u1", forged), None, "{forged}");
        }
        assert_eq!(pids.sign("/shop", "u1", &"x".repeat(MAX_PID_BYTES + 1)), None);
    }
}
