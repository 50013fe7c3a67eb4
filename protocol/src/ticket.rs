//! Tickets: how the gateway tells a map server who a player is, without trusting the player.
//!
//! A ticket is a canonical byte string with an HMAC-SHA256 over it. It travels in the netcode connect token's user
//! data.
//! Layout, all numbers little endian: version u8 = 1 · key id (length u8, ASCII) · ticket id u64 · account 16 bytes ·
//! character 16 bytes · lock epoch u64 · map u16 · channel u16 · server id (length u8, ASCII) · issued u64 (Unix ms) ·
//! expires u64 (Unix ms) · HMAC 32 bytes. At most 200 bytes. Who only watches has another kind: [`SpectatorTicket`].

mod keys;
mod spectator;

pub use keys::{BadKeys, KeyRing};
pub use spectator::SpectatorTicket;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, ServerId, TicketId};
use crate::limits::MAX_TICKET_BYTES;

const VERSION: u8 = 1;
const MAC_BYTES: usize = 32;

/// The contents of a ticket.
///
/// ```
/// use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, TicketId};
/// use realmgate_protocol::ticket::{KeyRing, Ticket, TicketError};
///
/// // The gateway and the map servers have the same keys.
/// let keys: KeyRing = "a secret of at least thirty-two bytes!".parse()?;
/// let ticket = Ticket {
///     ticket_id: TicketId(7),
///     account: AccountId([1; 16]),
///     character: CharacterId([2; 16]),
///     epoch: LockEpoch(1),
///     map: MapId(1),
///     channel: ChannelId(1),
///     server: "map-server-1".parse()?,
///     issued_ms: 1_000,
///     expires_ms: 31_000,
/// };
/// let sealed = ticket.seal(&keys);
/// assert_eq!(Ticket::open(&sealed, &keys)?, ticket);
///
/// let others: KeyRing = "another secret of thirty-two bytes!!!!".parse()?;
/// assert_eq!(Ticket::open(&sealed, &others), Err(TicketError::Forged));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// A random id, which is also the netcode client id.
    pub ticket_id: TicketId,
    /// The account that the character belongs to.
    pub account: AccountId,
    /// The character that is admitted.
    pub character: CharacterId,
    /// The fencing token of this admission: the epoch of the character's lock.
    pub epoch: LockEpoch,
    /// The map to enter.
    pub map: MapId,
    /// The channel of the map to enter.
    pub channel: ChannelId,
    /// The only map server that may admit it.
    pub server: ServerId,
    /// When it was issued, in Unix milliseconds.
    pub issued_ms: u64,
    /// When it expires, in Unix milliseconds. The map server goes by the deadline announced over the link, not by this.
    pub expires_ms: u64,
}

/// Why a ticket is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The bytes do not have the layout of a ticket.
    #[error("malformed ticket")]
    Malformed,
    /// It was signed by a key that is not in the ring.
    #[error("ticket signed with an unknown key")]
    UnknownKey,
    /// The MAC is wrong.
    #[error("forged ticket")]
    Forged,
}

impl Ticket {
    /// Encodes and signs the ticket.
    pub fn seal(&self, keys: &KeyRing) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_TICKET_BYTES);
        out.push(VERSION);
        put_text(&mut out, keys.signing_id());
        out.extend_from_slice(&self.ticket_id.0.to_le_bytes());
        out.extend_from_slice(&self.account.0);
        out.extend_from_slice(&self.character.0);
        out.extend_from_slice(&self.epoch.0.to_le_bytes());
        out.extend_from_slice(&self.map.0.to_le_bytes());
        out.extend_from_slice(&self.channel.0.to_le_bytes());
        put_text(&mut out, self.server.as_str());
        out.extend_from_slice(&self.issued_ms.to_le_bytes());
        out.extend_from_slice(&self.expires_ms.to_le_bytes());
        let mac = keys.sign(&out);
        out.extend_from_slice(&mac);
        out
    }

    /// The signed ticket in base64url without padding, as the gateway gives it out.
    pub fn seal_text(&self, keys: &KeyRing) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(keys))
    }

    /// Checks the MAC (in constant time) and reads the ticket. Bytes after it are ignored, since user data is padded.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the bytes are not a ticket, [`TicketError::UnknownKey`] when its key is not in
    /// `keys`, [`TicketError::Forged`] when the MAC is wrong.
    pub fn open(bytes: &[u8], keys: &KeyRing) -> Result<Self, TicketError> {
        let (ticket, key_id, signed) = parse(bytes).ok_or(TicketError::Malformed)?;
        let mac = bytes.get(signed..signed + MAC_BYTES).ok_or(TicketError::Malformed)?;
        match keys.verify(key_id, &bytes[..signed], mac) {
            None => Err(TicketError::UnknownKey),
            Some(false) => Err(TicketError::Forged),
            Some(true) => Ok(ticket),
        }
    }

    /// Reads the ticket without checking its MAC: only what it claims. Bytes after it are ignored.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the bytes are not a ticket.
    pub fn peek(bytes: &[u8]) -> Result<Self, TicketError> {
        parse(bytes).map(|(ticket, _, _)| ticket).ok_or(TicketError::Malformed)
    }

    /// Reads the text form without checking the MAC. For clients, which have no key.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the text is not base64url without padding, or not a ticket.
    pub fn peek_text(text: &str) -> Result<Self, TicketError> {
        Self::peek(&Self::bytes_of_text(text)?)
    }

    /// The bytes of the text form, unchecked: what a client sends as the first message of a WebSocket.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the text is not base64url without padding.
    pub fn bytes_of_text(text: &str) -> Result<Vec<u8>, TicketError> {
        URL_SAFE_NO_PAD.decode(text).map_err(|_| TicketError::Malformed)
    }
}

/// Reads the ticket, its key id, and the number of bytes that the MAC covers.
fn parse(bytes: &[u8]) -> Option<(Ticket, &str, usize)> {
    let mut rest = bytes;
    let (version, key_id) = (take(&mut rest, 1)?[0], take_text(&mut rest)?);
    if version != VERSION || key_id.len() > keys::MAX_KEY_ID_BYTES {
        return None;
    }
    let ticket = Ticket {
        ticket_id: TicketId(take_u64(&mut rest)?),
        account: AccountId(take(&mut rest, 16)?.try_into().ok()?),
        character: CharacterId(take(&mut rest, 16)?.try_into().ok()?),
        epoch: LockEpoch(take_u64(&mut rest)?),
        map: MapId(u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?)),
        channel: ChannelId(u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?)),
        server: take_text(&mut rest)?.parse().ok()?,
        issued_ms: take_u64(&mut rest)?,
        expires_ms: take_u64(&mut rest)?,
    };
    Some((ticket, key_id, bytes.len() - rest.len()))
}

/// The id that a ticket of either kind claims; nobody has checked it. `None` for what is no ticket.
pub fn ticket_id_of(bytes: &[u8]) -> Option<TicketId> {
    if SpectatorTicket::is_claimed_by(bytes) {
        return SpectatorTicket::peek(bytes).ok().map(|ticket| ticket.ticket_id);
    }
    Ticket::peek(bytes).ok().map(|ticket| ticket.ticket_id)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    take(rest, 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::from(take(rest, 1)?[0]);
    std::str::from_utf8(take(rest, length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticket() -> Ticket {
        Ticket {
            ticket_id: TicketId(0x0102_0304_0506_0708),
            account: AccountId(std::array::from_fn(|at| 0x10 + at as u8)),
            character: CharacterId(std::array::from_fn(|at| 0x20 + at as u8)),
            epoch: LockEpoch(0x0301),
            map: MapId(0x0401),
            channel: ChannelId(0x0501),
            server: "map-server-1".parse().unwrap(),
            issued_ms: 1_000,
            expires_ms: 31_000,
        }
    }

    fn keys(text: &str) -> KeyRing {
        text.parse().unwrap()
    }

    #[test]
    fn a_sealed_ticket_opens_padded_or_not() {
        let keys = keys("a secret of at least thirty-two bytes!");
        let mut bytes = ticket().seal(&keys);
        assert!(bytes.len() <= MAX_TICKET_BYTES);
        assert_eq!(Ticket::open(&bytes, &keys), Ok(ticket()));
        for padded in bytes.len()..=256 {
            bytes.resize(padded, 0);
            assert_eq!(Ticket::open(&bytes, &keys), Ok(ticket()), "padded to {padded} bytes");
        }
    }

    #[test]
    fn another_key_is_refused() {
        let bytes = ticket().seal(&keys("a secret of at least thirty-two bytes!"));
        let other = keys("another secret of thirty-two bytes!!!!");
        assert_eq!(Ticket::open(&bytes, &other), Err(TicketError::Forged));
        let rotated = keys("new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=");
        assert_eq!(Ticket::open(&bytes, &rotated), Err(TicketError::UnknownKey));
    }

    #[test]
    fn tickets_of_the_last_key_are_good_while_both_are_known() {
        let (old, new) =
            ("old:b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQ=", "new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=");
        let (before, during, after) = (keys(old), keys(&format!("{new},{old}")), keys(new));
        let in_flight = ticket().seal(&before);
        assert_eq!(Ticket::open(&in_flight, &during), Ok(ticket()));
        assert_eq!(Ticket::open(&in_flight, &after), Err(TicketError::UnknownKey));
        assert_eq!(Ticket::open(&ticket().seal(&during), &after), Ok(ticket()), "the first key signs");
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let keys = keys("a secret of at least thirty-two bytes!");
        let sealed = ticket().seal(&keys);
        // Version, key id with its length, ids, then the server's name with its length, times and MAC.
        let (key_id, ids, name, times) = (1, 4, 4 + 8 + 16 + 16 + 8 + 2 + 2, sealed.len() - 32 - 16);
        for (at, flip) in (0..sealed.len()).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit))) {
            let mut bytes = sealed.clone();
            bytes[at] ^= flip;
            let refused = Ticket::open(&bytes, &keys);
            if at < key_id {
                assert_eq!(refused, Err(TicketError::Malformed), "version {}", bytes[at]);
            } else if (ids..name).contains(&at) || at >= times {
                assert_eq!(refused, Err(TicketError::Forged), "byte {at} by {flip}");
            } else {
                assert!(refused.is_err(), "byte {at} by {flip}");
            }
        }
    }

    #[test]
    fn what_is_cut_short_is_malformed() {
        let keys = keys("a secret of at least thirty-two bytes!");
        let sealed = ticket().seal(&keys);
        for length in 0..sealed.len() {
            assert_eq!(Ticket::open(&sealed[..length], &keys), Err(TicketError::Malformed), "{length} bytes");
        }
        let text = ticket().seal_text(&keys);
        assert_eq!(Ticket::peek_text(&text), Ok(ticket()));
        assert_eq!(Ticket::peek_text(&text[..100]), Err(TicketError::Malformed));
        assert_eq!(Ticket::peek_text("not base64!"), Err(TicketError::Malformed));
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(
            mut bytes in prop::collection::vec(prop_oneof![0u8..20, any::<u8>()], 0..256), has_head: bool, text: String,
        ) {
            let keys = keys("a secret of at least thirty-two bytes!");
            if let (true, Some(head)) = (has_head, bytes.first_chunk_mut()) {
                *head = *b"\x01\x02k0";
            }
            prop_assert!(Ticket::open(&bytes, &keys).is_err());
            let _ = Ticket::peek_text(&URL_SAFE_NO_PAD.encode(&bytes));
            let _ = Ticket::peek_text(&text);
        }
    }
}
