//! Spectator tickets: what lets an operator watch a channel without a character.
//!
//! Another kind than a player's [`Ticket`](super::Ticket), and neither is ever taken for the other: the first byte
//! differs, and the MAC is over other bytes, since those of a spectator's ticket are preceded by [`DOMAIN`].
//! Layout, all numbers little endian: version u8 = 2 · key id (length u8, ASCII) · ticket id u64 · map u16 · channel u16 ·
//! server id (length u8, ASCII) · issued u64 (Unix ms) · expires u64 (Unix ms) · HMAC 32 bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{KeyRing, MAC_BYTES, TicketError, keys, put_text, take, take_text, take_u64};
use crate::ids::{ChannelId, MapId, ServerId, TicketId};
use crate::limits::MAX_TICKET_BYTES;

/// The first byte of a spectator's ticket; a player's begins with 1.
const VERSION: u8 = 2;
/// What the MAC covers before the ticket. A player's ticket begins with 1, so no bytes of one can be those of the other.
const DOMAIN: &[u8] = b"realmgate spectator ticket 1\0";

/// The contents of a spectator's ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpectatorTicket {
    /// A random id, which is also the netcode client id.
    pub ticket_id: TicketId,
    /// The map to watch.
    pub map: MapId,
    /// The channel of the map to watch.
    pub channel: ChannelId,
    /// The only map server that may admit it.
    pub server: ServerId,
    /// When it was issued, in Unix milliseconds.
    pub issued_ms: u64,
    /// When it expires, in Unix milliseconds. The map server goes by the deadline announced over the link, not by this.
    pub expires_ms: u64,
}

impl SpectatorTicket {
    /// Whether these bytes claim to be a spectator's ticket.
    pub fn is_claimed_by(bytes: &[u8]) -> bool {
        bytes.first() == Some(&VERSION)
    }

    /// Encodes and signs the ticket.
    pub fn seal(&self, keys: &KeyRing) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_TICKET_BYTES);
        out.push(VERSION);
        put_text(&mut out, keys.signing_id());
        out.extend_from_slice(&self.ticket_id.0.to_le_bytes());
        out.extend_from_slice(&self.map.0.to_le_bytes());
        out.extend_from_slice(&self.channel.0.to_le_bytes());
        put_text(&mut out, self.server.as_str());
        out.extend_from_slice(&self.issued_ms.to_le_bytes());
        out.extend_from_slice(&self.expires_ms.to_le_bytes());
        let mac = keys.sign(&in_domain(&out));
        out.extend_from_slice(&mac);
        out
    }

    /// The signed ticket in base64url without padding, as the sidecar gives it out.
    pub fn seal_text(&self, keys: &KeyRing) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(keys))
    }

    /// Checks the MAC (in constant time) and reads the ticket. Bytes after it are ignored, since user data is padded.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the bytes are not a spectator's ticket, [`TicketError::UnknownKey`] when its key
    /// is not in `keys`, [`TicketError::Forged`] when the MAC is wrong.
    pub fn open(bytes: &[u8], keys: &KeyRing) -> Result<Self, TicketError> {
        let (ticket, key_id, signed) = parse(bytes).ok_or(TicketError::Malformed)?;
        let mac = bytes.get(signed..signed + MAC_BYTES).ok_or(TicketError::Malformed)?;
        match keys.verify(key_id, &in_domain(&bytes[..signed]), mac) {
            None => Err(TicketError::UnknownKey),
            Some(false) => Err(TicketError::Forged),
            Some(true) => Ok(ticket),
        }
    }

    /// Reads the ticket without checking its MAC: only what it claims. Bytes after it are ignored.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when the bytes are not a spectator's ticket.
    pub fn peek(bytes: &[u8]) -> Result<Self, TicketError> {
        parse(bytes).map(|(ticket, _, _)| ticket).ok_or(TicketError::Malformed)
    }
}

fn in_domain(ticket: &[u8]) -> Vec<u8> {
    [DOMAIN, ticket].concat()
}

/// Reads the ticket, its key id, and the number of bytes that the MAC covers.
fn parse(bytes: &[u8]) -> Option<(SpectatorTicket, &str, usize)> {
    let mut rest = bytes;
    let (version, key_id) = (take(&mut rest, 1)?[0], take_text(&mut rest)?);
    if version != VERSION || key_id.len() > keys::MAX_KEY_ID_BYTES {
        return None;
    }
    let ticket = SpectatorTicket {
        ticket_id: TicketId(take_u64(&mut rest)?),
        map: MapId(u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?)),
        channel: ChannelId(u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?)),
        server: take_text(&mut rest)?.parse().ok()?,
        issued_ms: take_u64(&mut rest)?,
        expires_ms: take_u64(&mut rest)?,
    };
    Some((ticket, key_id, bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Ticket, ticket_id_of};
    use super::*;
    use crate::ids::{AccountId, CharacterId, LockEpoch};

    fn keys() -> KeyRing {
        "a secret of at least thirty-two bytes!".parse().unwrap()
    }

    fn spectator() -> SpectatorTicket {
        SpectatorTicket {
            ticket_id: TicketId(0x0102_0304_0506_0708),
            map: MapId(2),
            channel: ChannelId(1),
            server: "map-server-1".parse().unwrap(),
            issued_ms: 1_000,
            expires_ms: 31_000,
        }
    }

    fn player() -> Ticket {
        Ticket {
            ticket_id: TicketId(0x0102_0304_0506_0708),
            account: AccountId([1; 16]),
            character: CharacterId([2; 16]),
            epoch: LockEpoch(1),
            map: MapId(2),
            channel: ChannelId(1),
            server: "map-server-1".parse().unwrap(),
            issued_ms: 1_000,
            expires_ms: 31_000,
        }
    }

    #[test]
    fn a_sealed_ticket_opens_padded_or_not_and_no_other_does() {
        let mut bytes = spectator().seal(&keys());
        assert!(bytes.len() <= MAX_TICKET_BYTES);
        assert_eq!(ticket_id_of(&bytes), Some(spectator().ticket_id));
        assert_eq!(SpectatorTicket::open(&bytes, &keys()), Ok(spectator()), "as it was sealed");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(SpectatorTicket::open(&changed, &keys()).is_err(), "byte {at}");
        }
        bytes.resize(256, 0);
        assert_eq!(SpectatorTicket::open(&bytes, &keys()), Ok(spectator()));
        let other = "another secret of thirty-two bytes!!!!".parse().unwrap();
        assert_eq!(SpectatorTicket::open(&bytes, &other), Err(TicketError::Forged));
    }

    #[test]
    fn neither_kind_is_taken_for_the_other() {
        let (spectators, players) = (spectator().seal(&keys()), player().seal(&keys()));
        assert_eq!(Ticket::open(&spectators, &keys()), Err(TicketError::Malformed));
        assert_eq!(SpectatorTicket::open(&players, &keys()), Err(TicketError::Malformed));
        assert_eq!(ticket_id_of(&players), Some(player().ticket_id));
        // Nor with the other's first byte: a ticket long enough to be read as the other kind is forged.
        let (mut as_player, mut as_spectator) = (spectators, players);
        (as_player[0], as_spectator[0]) = (1, VERSION);
        as_player.resize(256, 0);
        assert!(Ticket::open(&as_player, &keys()).is_err());
        assert!(SpectatorTicket::open(&as_spectator, &keys()).is_err());
    }

    #[test]
    fn a_mac_over_the_same_bytes_without_the_domain_is_forged() {
        let mut sealed = spectator().seal(&keys());
        let signed = sealed.len() - MAC_BYTES;
        let plain = keys().sign(&sealed[..signed]);
        sealed[signed..].copy_from_slice(&plain);
        assert_eq!(SpectatorTicket::open(&sealed, &keys()), Err(TicketError::Forged));
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..256), has_head: bool) {
            if let (true, Some(head)) = (has_head, bytes.first_chunk_mut()) {
                *head = *b"\x02\x02k0";
            }
            prop_assert!(SpectatorTicket::open(&bytes, &keys()).is_err());
            let _ = ticket_id_of(&bytes);
        }
    }
}
