//! A minimal client, for tests, benches and fuzzing, next to independent client implementations.
//!
//! It is as strict as the reference implementation: a packet whose sequence number has no bytes is dropped. It has no
//! clock; the caller sends what is due.

use realmgate_protocol::netcode::aead::Key;
use realmgate_protocol::netcode::{KEY_BYTES, NONCE_BYTES, PrivateToken, VERSION_INFO};

use super::MAX_PACKET_BYTES;
use super::packet::{CHALLENGE_BODY_BYTES, Kind, Packet, Protocol};
use super::replay::ReplayWindow;

/// A packet from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// There is no room for the client.
    Denied,
    /// A challenge: [`Peer::response`] answers it.
    Challenge,
    /// The client is connected.
    KeepAlive {
        /// The client's slot.
        index: u32,
        /// Number of slots of the server.
        max_clients: u32,
    },
    /// The game's data.
    Payload(Vec<u8>),
    /// The server ended the session.
    Disconnect,
}

/// A client that holds a connect token.
#[derive(Debug)]
pub struct Peer {
    protocol: Protocol,
    request: Vec<u8>,
    send_key: Key,
    receive_key: Key,
    challenge: Option<[u8; CHALLENGE_BODY_BYTES]>,
    window: ReplayWindow,
    next_sequence: u64,
}

impl Peer {
    /// A client with this token, sealed by `key` for the protocol, valid until `expires_s` in Unix seconds.
    pub fn new(
        token: &PrivateToken,
        protocol_id: u64,
        expires_s: u64,
        nonce: &[u8; NONCE_BYTES],
        key: &[u8; KEY_BYTES],
    ) -> Self {
        let mut request = vec![Kind::Request as u8];
        request.extend_from_slice(VERSION_INFO);
        request.extend_from_slice(&protocol_id.to_le_bytes());
        request.extend_from_slice(&expires_s.to_le_bytes());
        request.extend_from_slice(nonce);
        request.extend_from_slice(&token.seal(protocol_id, expires_s, nonce, key));
        Self {
            protocol: Protocol::new(protocol_id),
            request,
            send_key: Key::new(&token.client_to_server_key),
            receive_key: Key::new(&token.server_to_client_key),
            challenge: None,
            window: ReplayWindow::default(),
            next_sequence: 0,
        }
    }

    /// A connection request.
    pub fn request(&self) -> Vec<u8> {
        self.request.clone()
    }

    /// The answer to the latest challenge; `None` if there was none.
    pub fn response(&mut self) -> Option<Vec<u8>> {
        let challenge = self.challenge?;
        Some(self.seal(Kind::Response, &challenge))
    }

    /// A keep-alive.
    pub fn keep_alive(&mut self) -> Vec<u8> {
        self.seal(Kind::KeepAlive, &[0; 8])
    }

    /// A payload of 1 to [`MAX_PAYLOAD_BYTES`](super::MAX_PAYLOAD_BYTES) bytes.
    pub fn payload(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.seal(Kind::Payload, bytes)
    }

    /// A disconnect packet.
    pub fn disconnect(&mut self) -> Vec<u8> {
        self.seal(Kind::Disconnect, &[])
    }

    /// A packet of any type and sequence number, properly sealed.
    pub fn sealed(&self, kind: Kind, sequence: u64, body: &[u8]) -> Vec<u8> {
        self.protocol.seal(&mut [0; MAX_PACKET_BYTES], &self.send_key, kind, sequence, body).to_vec()
    }

    /// Takes a datagram of the server; `None` if it is malformed, not authentic, or a replay.
    pub fn receive(&mut self, datagram: &mut [u8]) -> Option<Said> {
        if datagram.first()? >> 4 == 0 {
            return None;
        }
        let packet = Packet::read(datagram).ok()?;
        let (kind, sequence) = (packet.kind(), packet.sequence());
        let is_of_session = matches!(kind, Kind::KeepAlive | Kind::Payload | Kind::Disconnect);
        if is_of_session && !self.window.is_fresh(sequence) {
            return None;
        }
        let body = packet.open(&self.protocol, &self.receive_key)?;
        if is_of_session {
            self.window.note(sequence);
        }
        Some(match kind {
            Kind::Denied => Said::Denied,
            Kind::Challenge => {
                self.challenge = Some(*body.first_chunk()?);
                Said::Challenge
            }
            Kind::KeepAlive => Said::KeepAlive {
                index: u32::from_le_bytes(*body.first_chunk()?),
                max_clients: u32::from_le_bytes(*body.last_chunk()?),
            },
            Kind::Payload => Said::Payload(body.to_vec()),
            Kind::Disconnect => Said::Disconnect,
            Kind::Request | Kind::Response => return None,
        })
    }

    fn seal(&mut self, kind: Kind, body: &[u8]) -> Vec<u8> {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.sealed(kind, sequence, body)
    }
}
