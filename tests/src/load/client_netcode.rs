//! The client's side of netcode 1.02, light enough that thousands of them fit one core.
//!
//! The client library's `renetcode` costs more a packet than our whole server may. This keeps to the same standard, with
//! the protocol's own cipher; only the replay window is missing, since loopback repeats nothing.

use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::netcode::aead::Key;
use realmgate_protocol::netcode::{KEY_BYTES, MAC_BYTES, VERSION_INFO};
use renetcode::ConnectToken;

const CHALLENGE_BYTES: usize = 308;

/// Kinds of packets, the low half of the first byte.
mod kind {
    pub const DENIED: u8 = 1;
    pub const CHALLENGE: u8 = 2;
    pub const RESPONSE: u8 = 3;
    pub const KEEP_ALIVE: u8 = 4;
    pub const PAYLOAD: u8 = 5;
    pub const DISCONNECT: u8 = 6;
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It asks, with its token.
    Asking,
    /// It answers the server's challenge.
    Answering,
    /// The server has let it in.
    Connected,
    /// The server has refused it or sent it away.
    Ended,
}

/// Both directions' keys of one connection.
pub struct Keys {
    seal: Key,
    open: Key,
}

impl Keys {
    /// Of the end that seals with the first and opens with the second.
    pub fn new(seal: &[u8; KEY_BYTES], open: &[u8; KEY_BYTES]) -> Self {
        Self { seal: Key::new(seal), open: Key::new(open) }
    }

    /// A whole packet of a kind into `out`, which is emptied first.
    pub fn seal(&self, kind: u8, sequence: u64, body: &[u8], out: &mut Vec<u8>) {
        let sequence_bytes = (8 - sequence.leading_zeros() as usize / 8).max(1);
        let prefix = kind | (sequence_bytes as u8) << 4;
        out.clear();
        out.push(prefix);
        out.extend_from_slice(&sequence.to_le_bytes()[..sequence_bytes]);
        let start = out.len();
        out.extend_from_slice(body);
        out.extend_from_slice(&[0; MAC_BYTES]);
        self.seal.seal(sequence, &associated(prefix), &mut out[start..]);
    }

    /// Opens a packet in place: its kind, its sequence and its body. `None` for what is not authentic.
    pub fn open<'a>(&self, datagram: &'a mut [u8]) -> Option<(u8, u64, &'a mut [u8])> {
        let (prefix, rest) = datagram.split_first_mut()?;
        let sequence_bytes = usize::from(*prefix >> 4);
        if sequence_bytes > 8 || rest.len() < sequence_bytes + MAC_BYTES {
            return None;
        }
        let (written, sealed) = rest.split_at_mut(sequence_bytes);
        let sequence = written.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let body = self.open.open(sequence, &associated(*prefix), sealed)?;
        Some((*prefix & 15, sequence, body))
    }
}

fn associated(prefix: u8) -> [u8; 22] {
    let mut bytes = [0; 22];
    bytes[..13].copy_from_slice(VERSION_INFO);
    bytes[13..21].copy_from_slice(&NETCODE_PROTOCOL_ID.to_le_bytes());
    bytes[21] = prefix;
    bytes
}

/// A client's connection.
pub struct NetcodeClient {
    stage: Stage,
    keys: Keys,
    request: Vec<u8>,
    challenge: Vec<u8>,
    sequence: u64,
}

impl NetcodeClient {
    /// One that asks for admission with a token.
    pub fn new(token: &ConnectToken) -> Self {
        let mut request = Vec::with_capacity(1_078);
        request.push(0);
        request.extend_from_slice(VERSION_INFO);
        request.extend_from_slice(&token.protocol_id.to_le_bytes());
        request.extend_from_slice(&token.expire_timestamp.to_le_bytes());
        request.extend_from_slice(&token.xnonce);
        request.extend_from_slice(&token.private_data);
        Self {
            stage: Stage::Asking,
            keys: Keys::new(&token.client_to_server_key, &token.server_to_client_key),
            request,
            challenge: Vec::new(),
            sequence: 0,
        }
    }

    /// Where it stands.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What to repeat until the server has let it in; into `out`. False once there is nothing of the kind.
    pub fn knock(&mut self, out: &mut Vec<u8>) -> bool {
        match self.stage {
            Stage::Asking => {
                out.clear();
                out.extend_from_slice(&self.request);
            }
            Stage::Answering => {
                let sequence = self.next_sequence();
                self.keys.seal(kind::RESPONSE, sequence, &self.challenge, out);
            }
            Stage::Connected | Stage::Ended => return false,
        }
        true
    }

    /// Seals a payload into `out`.
    pub fn payload(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let sequence = self.next_sequence();
        self.keys.seal(kind::PAYLOAD, sequence, payload, out);
    }

    /// Seals a keep-alive into `out`.
    pub fn keep_alive(&mut self, out: &mut Vec<u8>) {
        let sequence = self.next_sequence();
        self.keys.seal(kind::KEEP_ALIVE, sequence, &[0; 8], out);
    }

    /// Seals a farewell into `out`.
    pub fn farewell(&mut self, out: &mut Vec<u8>) {
        let sequence = self.next_sequence();
        self.keys.seal(kind::DISCONNECT, sequence, &[], out);
    }

    /// Takes a datagram; its payload, if it is one.
    pub fn receive<'a>(&mut self, datagram: &'a mut [u8]) -> Option<&'a [u8]> {
        let (kind, _, body) = self.keys.open(datagram)?;
        match (kind, self.stage) {
            (kind::PAYLOAD, Stage::Connected) => return Some(body),
            (kind::CHALLENGE, Stage::Asking) if body.len() == CHALLENGE_BYTES => {
                self.challenge = body.to_vec();
                self.stage = Stage::Answering;
            }
            (kind::KEEP_ALIVE, Stage::Answering) => self.stage = Stage::Connected,
            (kind::DENIED | kind::DISCONNECT, _) => self.stage = Stage::Ended,
            _ => {}
        }
        None
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_seals_the_other_opens() {
        let (ours, theirs) = ([1; 32], [2; 32]);
        let (client, server) = (Keys::new(&ours, &theirs), Keys::new(&theirs, &ours));
        let mut datagram = Vec::new();
        for (kind, body) in
            [(kind::PAYLOAD, &b"walk"[..]), (kind::KEEP_ALIVE, &[0; 8][..]), (kind::DISCONNECT, &[][..])]
        {
            for sequence in [0, 1, 255, 256, u64::MAX] {
                client.seal(kind, sequence, body, &mut datagram);
                let opened = server.open(&mut datagram).unwrap();
                assert_eq!((opened.0, opened.1, &*opened.2), (kind, sequence, body));
            }
        }
        client.seal(kind::PAYLOAD, 300, b"walk", &mut datagram);
        assert!(client.open(&mut datagram.clone()).is_none(), "what one has sealed oneself is for the other");
        for at in 0..datagram.len() {
            let mut changed = datagram.clone();
            changed[at] ^= 1;
            assert!(server.open(&mut changed).is_none(), "what was changed on the way is not authentic: byte {at}");
        }
        // The first byte says how many bytes of a sequence follow: more than there are, or than there may be.
        for (prefix, length) in (0..=u8::MAX).flat_map(|prefix| (0..40).map(move |length| (prefix, length))) {
            let mut datagram = vec![0; length];
            datagram.iter_mut().take(1).for_each(|first| *first = prefix);
            assert!(server.open(&mut datagram).is_none(), "{length} bytes that begin with {prefix}");
        }
    }
}
