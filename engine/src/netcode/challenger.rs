//! Packets to clients that have no session yet.

use realmgate_protocol::netcode::KEY_BYTES;
use realmgate_protocol::netcode::aead::Key;

use super::MAX_PACKET_BYTES;
use super::packet::{CHALLENGE_BODY_BYTES, CHALLENGE_TOKEN_BYTES, Kind, Protocol};
use super::pending::Pending;

/// Makes challenges and denials, and recognises its own challenges.
#[derive(Debug)]
pub(super) struct Challenger {
    protocol: Protocol,
    key: Key,
    /// Challenges made so far.
    challenges: u64,
    /// The sequence number of the next packet. These packets share their keys with the sessions that follow, so they
    /// count from the upper half, as in the reference implementation.
    next_sequence: u64,
    out: Box<[u8; MAX_PACKET_BYTES]>,
}

impl Challenger {
    /// Creates a challenger. `key` is random for each start of the server.
    pub(super) fn new(protocol: Protocol, key: &[u8; KEY_BYTES]) -> Self {
        let out = Box::new([0; MAX_PACKET_BYTES]);
        Self { protocol, key: Key::new(key), challenges: 0, next_sequence: 1 << 63, out }
    }

    /// A challenge for this client: a number, and a token that names the client, sealed under that number.
    pub(super) fn challenge(&mut self, pending: &Pending) -> &[u8] {
        let mut body = [0; CHALLENGE_BODY_BYTES];
        body[..8].copy_from_slice(&self.challenges.to_le_bytes());
        body[8..16].copy_from_slice(&pending.serial.to_le_bytes());
        self.key.seal(self.challenges, &[], &mut body[8..]);
        self.challenges += 1;
        self.seal(&pending.send_key, Kind::Challenge, &body)
    }

    /// Whether this is the body of a challenge that was made for the client with this serial number.
    pub(super) fn is_for(&self, body: &[u8], serial: u64) -> bool {
        let Some((number, token)) = body.split_first_chunk::<8>() else { return false };
        let Some(mut token) = token.first_chunk::<CHALLENGE_TOKEN_BYTES>().copied() else { return false };
        let plain = self.key.open(u64::from_le_bytes(*number), &[], &mut token);
        plain.is_some_and(|plain| plain.first_chunk() == Some(&serial.to_le_bytes()))
    }

    /// A denial: there is no room for the client.
    pub(super) fn denial(&mut self, key: &Key) -> &[u8] {
        self.seal(key, Kind::Denied, &[])
    }

    fn seal(&mut self, key: &Key, kind: Kind, body: &[u8]) -> &[u8] {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.protocol.seal(&mut self.out, key, kind, sequence, body)
    }
}
