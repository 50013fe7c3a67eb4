//! The layout of packets, and their encryption and decryption.
//!
//! A prefix byte (the type in the low half, the number of sequence bytes in the high half), the sequence number without
//! its high zeros, the sealed body, 16 bytes of MAC. Only a connection request differs: a zero byte and 1,077 bytes in
//! the clear.

use realmgate_protocol::netcode::aead::Key;
use realmgate_protocol::netcode::{MAC_BYTES, NONCE_BYTES, SEALED_BYTES, VERSION_INFO};

use super::{MAX_PACKET_BYTES, MAX_PAYLOAD_BYTES};
use crate::transport::refusal::PacketRefusal;

/// Version text, protocol id, expiry, nonce and the sealed part of the connect token.
pub(super) const REQUEST_BODY_BYTES: usize = VERSION_INFO.len() + 8 + 8 + NONCE_BYTES + SEALED_BYTES;
/// A sealed challenge token.
pub(super) const CHALLENGE_TOKEN_BYTES: usize = 300;
/// The number of a challenge token, and the token.
pub(super) const CHALLENGE_BODY_BYTES: usize = 8 + CHALLENGE_TOKEN_BYTES;
/// Client index and number of clients.
const KEEP_ALIVE_BODY_BYTES: usize = 8;
/// The highest sequence number that is accepted. A session counts from 0: at a thousand packets a second it gets there
/// in a hundred million years.
pub(super) const MAX_SEQUENCE: u64 = 1 << 62;

/// The types of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client shows its connect token.
    Request = 0,
    /// There is no room for the client.
    Denied = 1,
    /// The server asks the client to prove that it receives what is sent to its address.
    Challenge = 2,
    /// The client answers the challenge.
    Response = 3,
    /// Keeps the session alive; the server's first one says that the client is connected.
    KeepAlive = 4,
    /// The game's data.
    Payload = 5,
    /// The sender ends the session.
    Disconnect = 6,
}

impl Kind {
    fn of(prefix: u8) -> Option<Self> {
        Some(match prefix & 0xf {
            0 => Self::Request,
            1 => Self::Denied,
            2 => Self::Challenge,
            3 => Self::Response,
            4 => Self::KeepAlive,
            5 => Self::Payload,
            6 => Self::Disconnect,
            _ => return None,
        })
    }

    fn is_body_length(self, bytes: usize) -> bool {
        match self {
            Self::Request => bytes == REQUEST_BODY_BYTES,
            Self::Denied | Self::Disconnect => bytes == 0,
            Self::Challenge | Self::Response => bytes == CHALLENGE_BODY_BYTES,
            Self::KeepAlive => bytes == KEEP_ALIVE_BODY_BYTES,
            Self::Payload => (1..=MAX_PAYLOAD_BYTES).contains(&bytes),
        }
    }
}

/// A datagram that has the form of its type. Nothing of it is known to be authentic.
#[derive(Debug)]
pub struct Packet<'a> {
    kind: Kind,
    prefix: u8,
    sequence: u64,
    /// The body of a request; of all others the sealed body and its MAC.
    pub(super) body: &'a mut [u8],
}

impl<'a> Packet<'a> {
    /// Parses a datagram. The length of a packet fits its type exactly, so that nothing after this can read beyond its
    /// end.
    ///
    /// # Errors
    /// [`PacketRefusal::Length`], [`PacketRefusal::PacketType`] or [`PacketRefusal::SequenceLength`] when it does not
    /// have the form of a packet.
    pub fn read(datagram: &'a mut [u8]) -> Result<Self, PacketRefusal> {
        let (&mut prefix, rest) = datagram.split_first_mut().ok_or(PacketRefusal::Length)?;
        let kind = Kind::of(prefix).ok_or(PacketRefusal::PacketType)?;
        if kind == Kind::Request {
            let is_whole = prefix == 0 && kind.is_body_length(rest.len());
            return if is_whole {
                Ok(Self { kind, prefix, sequence: 0, body: rest })
            } else {
                Err(PacketRefusal::Length)
            };
        }
        let sequence_bytes = usize::from(prefix >> 4);
        if sequence_bytes > 8 {
            return Err(PacketRefusal::SequenceLength);
        }
        let body_bytes = rest.len().checked_sub(sequence_bytes + MAC_BYTES).ok_or(PacketRefusal::Length)?;
        let (number, body) = rest.split_at_mut(sequence_bytes);
        let mut sequence = [0; 8];
        sequence[..sequence_bytes].copy_from_slice(number);
        let sequence = u64::from_le_bytes(sequence);
        if !kind.is_body_length(body_bytes) {
            return Err(PacketRefusal::Length);
        }
        Ok(Self { kind, prefix, sequence, body })
    }

    /// The type that it claims.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a client sends it before it is connected. Such packets cost most, and come from strangers.
    pub fn is_handshake(&self) -> bool {
        matches!(self.kind, Kind::Request | Kind::Response)
    }

    /// Its sequence number; 0 for a request.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its decrypted body; `None` if it was not sealed with this key. A request never was.
    pub(super) fn open(self, protocol: &Protocol, key: &Key) -> Option<&'a mut [u8]> {
        key.open(self.sequence, &protocol.bound_to(self.prefix), self.body)
    }

    /// Like [`Self::open`], but keeps the packet, for callers that have several keys.
    pub(super) fn open_copy<'b>(
        &self,
        protocol: &Protocol,
        key: &Key,
        copy: &'b mut [u8; CHALLENGE_BODY_BYTES + MAC_BYTES],
    ) -> Option<&'b mut [u8]> {
        copy.copy_from_slice(self.body.get(..CHALLENGE_BODY_BYTES + MAC_BYTES)?);
        key.open(self.sequence, &protocol.bound_to(self.prefix), copy)
    }
}

/// What every packet is bound to: the version and the protocol id. The last byte is for the packet's prefix.
#[derive(Debug, Clone)]
pub(super) struct Protocol {
    bound_to: [u8; 13 + 8 + 1],
}

impl Protocol {
    pub(super) fn new(id: u64) -> Self {
        let mut bound_to = [0; 13 + 8 + 1];
        bound_to[..13].copy_from_slice(VERSION_INFO);
        bound_to[13..21].copy_from_slice(&id.to_le_bytes());
        Self { bound_to }
    }

    pub(super) fn id(&self) -> u64 {
        let mut id = [0; 8];
        id.copy_from_slice(&self.bound_to[13..21]);
        u64::from_le_bytes(id)
    }

    fn bound_to(&self, prefix: u8) -> [u8; 13 + 8 + 1] {
        let mut bound_to = self.bound_to;
        bound_to[21] = prefix;
        bound_to
    }

    /// Writes a sealed packet to `out`. A body longer than [`MAX_PAYLOAD_BYTES`] is cut off.
    pub(super) fn seal<'a>(
        &self,
        out: &'a mut [u8; MAX_PACKET_BYTES],
        key: &Key,
        kind: Kind,
        sequence: u64,
        body: &[u8],
    ) -> &'a [u8] {
        let sequence_bytes = sequence_bytes(sequence);
        let prefix = (sequence_bytes as u8) << 4 | kind as u8;
        let start = 1 + sequence_bytes;
        let body = &body[..body.len().min(MAX_PAYLOAD_BYTES)];
        let end = start + body.len() + MAC_BYTES;
        out[0] = prefix;
        out[1..start].copy_from_slice(&sequence.to_le_bytes()[..sequence_bytes]);
        out[start..start + body.len()].copy_from_slice(body);
        key.seal(sequence, &self.bound_to(prefix), &mut out[start..end]);
        &out[..end]
    }
}

/// Number of bytes of a sequence number as it is sent: at least one, as the standard says, since some implementations
/// drop packets that have none.
fn sequence_bytes(sequence: u64) -> usize {
    (8 - sequence.leading_zeros() as usize / 8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind_of(prefix: u8, bytes: usize) -> Result<Kind, PacketRefusal> {
        let mut datagram = vec![0; bytes];
        datagram[0] = prefix;
        Packet::read(&mut datagram).map(|packet| packet.kind())
    }

    #[test]
    fn lengths_are_exact() {
        // An empty payload says nothing.
        let lengths = [
            (0x00, Kind::Request, 1_078..=1_078),
            (0x11, Kind::Denied, 18..=18),
            (0x12, Kind::Challenge, 326..=326),
            (0x13, Kind::Response, 326..=326),
            (0x14, Kind::KeepAlive, 26..=26),
            (0x15, Kind::Payload, 19..=1_318),
            (0x16, Kind::Disconnect, 18..=18),
        ];
        for (prefix, kind, legal) in lengths {
            for bytes in 1..1_400 {
                let expected = if legal.contains(&bytes) { Ok(kind) } else { Err(PacketRefusal::Length) };
                assert_eq!(kind_of(prefix, bytes), expected, "{kind:?} of {bytes} bytes");
            }
        }
        assert_eq!(kind_of(0x10, 1_078), Err(PacketRefusal::Length), "a request has no sequence number");
        assert_eq!(kind_of(0x04, 1 + 8 + 16), Ok(Kind::KeepAlive), "a sequence number of no bytes is 0");
        assert_eq!(kind_of(0x85, 1 + 8 + 1_300 + 16), Ok(Kind::Payload));
        assert_eq!(kind_of(0x85, 1 + 8 + 1_301 + 16), Err(PacketRefusal::Length));
        assert_eq!(kind_of(0x17, 1 + 1 + 16), Err(PacketRefusal::PacketType));
        for nibble in 9..=15u8 {
            assert_eq!(kind_of(nibble << 4 | 5, 40), Err(PacketRefusal::SequenceLength));
        }
        assert_eq!(kind_of(0x85, 18), Err(PacketRefusal::Length), "no room for the MAC");
        assert_eq!(Packet::read(&mut []).map(|_| ()), Err(PacketRefusal::Length));
    }

    #[test]
    fn a_sequence_number_has_one_to_eight_bytes() {
        let bytes = [(0, 1), (1, 1), (0xff, 1), (0x100, 2), (0xffff_ffff, 4), (1 << 56, 8), (u64::MAX, 8)];
        bytes.iter().for_each(|(sequence, bytes)| assert_eq!(sequence_bytes(*sequence), *bytes, "{sequence}"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(
            sequence: u64,
            kind in (1u8..=6).prop_map(|prefix| Kind::of(prefix).unwrap()),
            body in prop::collection::vec(any::<u8>(), 1..=MAX_PAYLOAD_BYTES),
            flipped: prop::sample::Index,
        ) {
            let (protocol, key) = (Protocol::new(7), Key::new(&[3; 32]));
            let length = match kind {
                Kind::Payload => body.len(),
                Kind::KeepAlive => KEEP_ALIVE_BODY_BYTES,
                Kind::Challenge | Kind::Response => CHALLENGE_BODY_BYTES,
                Kind::Request | Kind::Denied | Kind::Disconnect => 0,
            };
            let body: Vec<u8> = body.iter().copied().cycle().take(length).collect();
            let mut out = [0; MAX_PACKET_BYTES];
            let mut sealed = protocol.seal(&mut out, &key, kind, sequence, &body).to_vec();
            let mut copy = sealed.clone();
            let packet = Packet::read(&mut copy).unwrap();
            prop_assert_eq!((packet.kind(), packet.sequence()), (kind, sequence));
            prop_assert_eq!(&*packet.open(&protocol, &key).unwrap(), &body[..]);

            // No bit of it may change, and it is bound to its protocol.
            let at = flipped.index(sealed.len() * 8);
            let mut foreign = sealed.clone();
            prop_assert!(Packet::read(&mut foreign).unwrap().open(&Protocol::new(8), &key).is_none());
            sealed[at / 8] ^= 1 << (at % 8);
            prop_assert!(Packet::read(&mut sealed).ok().and_then(|packet| packet.open(&protocol, &key)).is_none());
        }

        #[test]
        fn no_datagram_panics(
            bytes in prop_oneof![Just(40), Just(1_500)]
                .prop_flat_map(|most| prop::collection::vec(any::<u8>(), 0..most)),
        ) {
            for prefix in 0..=u8::MAX {
                let mut bytes = bytes.clone();
                bytes.iter_mut().take(1).for_each(|first| *first = prefix);
                if let Ok(packet) = Packet::read(&mut bytes) && packet.kind() != Kind::Request {
                    prop_assert!(packet.open(&Protocol::new(7), &Key::new(&[3; 32])).is_none());
                }
            }
        }
    }
}
