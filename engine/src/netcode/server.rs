//! The server: its sessions, and the packets to and from each.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::{KEY_BYTES, USER_DATA_BYTES};

use super::MAX_PACKET_BYTES;
use super::challenger::Challenger;
use super::packet::{Kind, MAX_SEQUENCE, Packet, Protocol};
use super::pending::PendingTable;
use super::session::Session;
use super::spent::SpentTokens;
use crate::transport::refusal::PacketRefusal;

/// How often a disconnect packet is sent. It is not acknowledged, so it goes out ten times, as the standard says.
const GOODBYES: usize = 10;

/// Settings of a server. Holds secrets, so it is not `Debug`.
#[derive(Clone)]
pub struct ServerSettings {
    /// The key that the gateway seals connect tokens with.
    pub key: [u8; KEY_BYTES],
    /// The key that only this server seals its challenges with; random for each start.
    pub challenge_key: [u8; KEY_BYTES],
    /// The protocol id of the tokens and packets for this server.
    pub protocol_id: u64,
    /// The addresses of this server. A token must name one of them.
    pub addresses: Vec<SocketAddr>,
    /// Most sessions at once.
    pub max_clients: usize,
    /// Unix time at the moment from which all other times count.
    pub unix_start: Duration,
}

/// A netcode server with all its sessions. Each has a slot: a small number that is its own until it is over, and may
/// then be reused.
///
/// ```
/// use std::net::SocketAddr;
/// use std::time::Duration;
///
/// use realmgate_engine::netcode::peer::Peer;
/// use realmgate_engine::netcode::{Packet, Received, Server, ServerSettings};
/// # use realmgate_protocol::netcode::PrivateToken;
///
/// let (address, client) = (SocketAddr::from(([127, 0, 0, 1], 4_001)), SocketAddr::from(([127, 0, 0, 1], 50_000)));
/// let (key, protocol_id) = ([1; 32], 7);
/// let mut server = Server::new(ServerSettings {
///     key,
///     challenge_key: [2; 32],
///     protocol_id,
///     addresses: vec![address],
///     max_clients: 8,
///     unix_start: Duration::from_secs(1_000),
/// });
///
/// # let token = PrivateToken {
/// #     client_id: 42,
/// #     timeout_s: 10,
/// #     servers: vec![address],
/// #     client_to_server_key: [3; 32],
/// #     server_to_client_key: [4; 32],
/// #     user_data: [0; 256],
/// # };
/// // A client whose token is valid until second 1,030 sends its request. The server sends a challenge.
/// let mut datagram = Peer::new(&token, protocol_id, 1_030, &[5; 24], &key).request();
/// let packet = Packet::read(&mut datagram)?;
/// let mut sent = Vec::new();
/// let mut send = |bytes: &[u8], to: SocketAddr| sent.push((bytes.to_vec(), to));
/// assert_eq!(server.receive(packet, client, Duration::ZERO, &mut send)?, Received::Answered);
/// assert_eq!(sent.len(), 1);
/// # Ok::<(), realmgate_engine::transport::refusal::PacketRefusal>(())
/// ```
pub struct Server {
    pub(super) protocol: Protocol,
    pub(super) key: [u8; KEY_BYTES],
    pub(super) challenger: Challenger,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) max_clients: usize,
    pub(super) unix_start: Duration,
    pub(super) sessions: Vec<Option<Box<Session>>>,
    free: Vec<usize>,
    pub(super) by_address: HashMap<SocketAddr, usize>,
    pub(super) by_client: HashMap<u64, usize>,
    pub(super) pending: PendingTable,
    pub(super) spent: SpentTokens,
    out: Box<[u8; MAX_PACKET_BYTES]>,
}

/// What an accepted packet was.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// A connection request; it was answered.
    Answered,
    /// The response that completes a handshake.
    Connected(Connected),
    /// A keep-alive.
    Heard {
        /// The session's slot.
        slot: usize,
    },
    /// The game's data, 1 to [`MAX_PAYLOAD_BYTES`](super::MAX_PAYLOAD_BYTES) bytes.
    Payload {
        /// The session's slot.
        slot: usize,
        /// The decrypted bytes, in the buffer of the datagram.
        payload: &'a [u8],
    },
    /// The client has ended its session.
    Disconnected {
        /// The slot that the session had.
        slot: usize,
    },
}

/// A new session.
#[derive(Debug, PartialEq, Eq)]
pub struct Connected {
    /// The session's slot.
    pub slot: usize,
    /// The client id of its connect token.
    pub client_id: u64,
    /// The user data of that token.
    pub user_data: Box<[u8; USER_DATA_BYTES]>,
    /// The slot of the session that this address had before, which is over; `None` if it had none.
    pub replaces: Option<usize>,
}

impl Server {
    /// A server without sessions.
    pub fn new(settings: ServerSettings) -> Self {
        let protocol = Protocol::new(settings.protocol_id);
        Self {
            challenger: Challenger::new(protocol.clone(), &settings.challenge_key),
            protocol,
            key: settings.key,
            addresses: settings.addresses,
            max_clients: settings.max_clients,
            unix_start: settings.unix_start,
            sessions: Vec::new(),
            free: Vec::new(),
            by_address: HashMap::new(),
            by_client: HashMap::new(),
            pending: PendingTable::default(),
            spent: SpentTokens::default(),
            out: Box::new([0; MAX_PACKET_BYTES]),
        }
    }

    /// Sets the Unix time at the moment from which all other times count. A wall clock that is set, by NTP or by hand, moves it; with
    /// the old one, every later token would look expired.
    pub fn set_unix_start(&mut self, unix_start: Duration) {
        self.unix_start = unix_start;
    }

    /// Handles a packet. An answer goes to `send` and is never longer than the packet was.
    ///
    /// # Errors
    /// A [`PacketRefusal`] when the packet is not accepted. It has then changed no session.
    pub fn receive<'a>(
        &mut self,
        packet: Packet<'a>,
        from: SocketAddr,
        now: Duration,
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) -> Result<Received<'a>, PacketRefusal> {
        if packet.sequence() > MAX_SEQUENCE {
            return Err(PacketRefusal::Sequence);
        }
        match packet.kind() {
            Kind::Request => self.request(packet, from, now, send).map_err(|reason| self.late(reason, from)),
            Kind::Response => self.response(&packet, from, now, send).map_err(|reason| self.late(reason, from)),
            Kind::KeepAlive | Kind::Payload | Kind::Disconnect => self.session_packet(packet, from, now),
            Kind::Denied | Kind::Challenge => Err(PacketRefusal::PacketType),
        }
    }

    /// A bad handshake packet from a connected client's address may be one of its own that came late or twice.
    fn late(&self, reason: PacketRefusal, from: SocketAddr) -> PacketRefusal {
        let may_be_late =
            matches!(reason, PacketRefusal::Netcode | PacketRefusal::TokenUsed | PacketRefusal::UnknownAddress);
        if may_be_late && self.by_address.contains_key(&from) { PacketRefusal::HandshakeWhileConnected } else { reason }
    }

    fn session_packet<'a>(
        &mut self,
        packet: Packet<'a>,
        from: SocketAddr,
        now: Duration,
    ) -> Result<Received<'a>, PacketRefusal> {
        let &slot = self.by_address.get(&from).ok_or(PacketRefusal::UnknownAddress)?;
        let session = self.sessions[slot].as_mut().ok_or(PacketRefusal::UnknownAddress)?;
        let (kind, sequence) = (packet.kind(), packet.sequence());
        if !session.window.is_fresh(sequence) {
            return Err(PacketRefusal::Replayed);
        }
        let payload = packet.open(&self.protocol, &session.receive_key).ok_or(PacketRefusal::Netcode)?;
        session.window.note(sequence);
        session.heard(now);
        Ok(match kind {
            Kind::Payload => Received::Payload { slot, payload },
            Kind::Disconnect => {
                self.remove(slot);
                Received::Disconnected { slot }
            }
            _ => Received::Heard { slot },
        })
    }

    /// Sends a payload of at most [`MAX_PAYLOAD_BYTES`](super::MAX_PAYLOAD_BYTES). Until the client has shown that it
    /// knows it is connected, a keep-alive that says so is sent first.
    pub fn send_payload(
        &mut self,
        slot: usize,
        payload: &[u8],
        now: Duration,
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) {
        if self.session(slot).is_some_and(|session| !session.is_confirmed()) {
            self.send_keep_alive(slot, now, send);
        }
        self.send_sealed(slot, Kind::Payload, payload, now, send);
    }

    /// Sends a keep-alive if nothing else was sent for some time. Returns false if the client has been silent for too
    /// long; the session must then be ended by [`Self::disconnect`].
    pub fn tend(&mut self, slot: usize, now: Duration, send: &mut impl FnMut(&[u8], SocketAddr)) -> bool {
        let Some(session) = self.session(slot) else { return true };
        if session.is_lost(now) {
            return false;
        }
        if session.must_keep_alive(now) {
            self.send_keep_alive(slot, now, send);
        }
        true
    }

    /// Forgets handshakes that were not completed in time.
    pub fn forget_late_handshakes(&mut self, now: Duration) {
        self.pending.forget_late(now);
    }

    /// Number of handshakes that had to make way for newer ones since the last call.
    pub fn take_pushed_out(&mut self) -> u64 {
        self.pending.take_pushed_out()
    }

    /// Ends a session and tells its client.
    pub fn disconnect(&mut self, slot: usize, now: Duration, send: &mut impl FnMut(&[u8], SocketAddr)) {
        for _ in 0..GOODBYES {
            self.send_sealed(slot, Kind::Disconnect, &[], now, send);
        }
        self.remove(slot);
    }

    /// The slot of a client; `None` if it is not connected.
    pub fn slot_of(&self, client_id: u64) -> Option<usize> {
        self.by_client.get(&client_id).copied()
    }

    /// Number of slots, taken or free. All slots are below it.
    pub fn slots(&self) -> usize {
        self.sessions.len()
    }

    /// Number of sessions.
    pub fn connected(&self) -> usize {
        self.by_client.len()
    }

    /// Whether anybody's handshake is under way.
    pub fn is_anybody_entering(&self) -> bool {
        !self.pending.is_empty()
    }

    fn session(&self, slot: usize) -> Option<&Session> {
        self.sessions.get(slot)?.as_deref()
    }

    pub(super) fn send_keep_alive(&mut self, slot: usize, now: Duration, send: &mut impl FnMut(&[u8], SocketAddr)) {
        let mut body = [0; 8];
        body[..4].copy_from_slice(&(slot as u32).to_le_bytes());
        body[4..].copy_from_slice(&(self.max_clients as u32).to_le_bytes());
        self.send_sealed(slot, Kind::KeepAlive, &body, now, send);
    }

    fn send_sealed(
        &mut self,
        slot: usize,
        kind: Kind,
        body: &[u8],
        now: Duration,
        send: &mut impl FnMut(&[u8], SocketAddr),
    ) {
        let Some(session) = self.sessions.get_mut(slot).and_then(Option::as_deref_mut) else { return };
        let sequence = session.number(now);
        send(self.protocol.seal(&mut self.out, &session.send_key, kind, sequence, body), session.address);
    }

    /// Gives a session a slot. Returns it, and the slot of the session that its address had before, which is over.
    pub(super) fn insert(&mut self, session: Session) -> (usize, Option<usize>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(None);
            self.sessions.len() - 1
        });
        let replaces = self.by_address.get(&session.address).copied();
        if let Some(old) = replaces {
            self.remove(old);
        }
        self.by_address.insert(session.address, slot);
        self.by_client.insert(session.client_id, slot);
        self.sessions[slot] = Some(Box::new(session));
        (slot, replaces)
    }

    fn remove(&mut self, slot: usize) {
        let Some(session) = self.sessions.get_mut(slot).and_then(Option::take) else { return };
        self.by_address.remove(&session.address);
        self.by_client.remove(&session.client_id);
        self.free.push(slot);
    }
}

/// Leaves the secrets out.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("connected", &self.connected()).finish_non_exhaustive()
    }
}
