//! How clients reach the host: sessions, input frames, snapshots and reliable messages, independent of what carries
//! them.
//!
//! A host may have several transports at once. [`Transports`] joins them: each knows its connections by [`ClientId`],
//! everybody else by [`SessionId`], which names the transport too.
//!
//! [`memory`] connects clients and host within one process, for tests. [`udp`] is the netcode server, [`websocket`] and
//! [`webtransport`] are what browsers reach, each on a thread of its own. All parse client payloads with the same
//! functions (`inbound`) and hand them over under the same limits (`inbox`). What those with sockets share besides: a
//! client's `connection` with the `framing` of its payloads, rate limits (`budget`), the host's end (`front`) and the queue from
//! there to the thread (`handover`). Those for browsers share their [`tasks`] too.

mod budget;
mod clock;
mod connection;
mod framing;
mod front;
mod handover;
mod inbound;
mod inbox;
pub mod memory;
pub mod refusal;
mod rhythm;
mod session_id;
mod tasks;
mod transports;
pub mod udp;
pub mod websocket;
pub mod webtransport;

pub use budget::Rate;
pub use framing::check as check_renet;
pub use session_id::{ClientId, SessionId, TransportIndex};
pub use tasks::{AllowsOrigin, STALLED_AFTER, STALLED_QUEUE_BYTES, STALLED_QUEUE_MESSAGES, StrangerLimits};
pub use transports::Transports;

use realmgate_protocol::wire::datagram::ClientFrame;

use crate::outbox::FrameBatch;

/// An event from the network for the host. The events of a connection come in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are frames, and a box would be an allocation for each")]
pub enum TransportEvent {
    /// A client has connected. Only admission can say who it is: the id and the ticket may even come from two different
    /// connect tokens.
    Connected {
        /// The connection.
        client: ClientId,
        /// The ticket that it shows, unchecked, as the transport found it: bytes may follow.
        ticket: Vec<u8>,
    },
    /// An input frame.
    Frame {
        /// The connection.
        client: ClientId,
        /// The client's commands and the snapshots it acknowledges.
        frame: ClientFrame,
    },
    /// A reliable message, 1 to `MAX_RELIABLE_BYTES` long and not decoded.
    Message {
        /// The connection.
        client: ClientId,
        /// The encoded message.
        bytes: Vec<u8>,
    },
    /// The connection is over. Follows every `Connected` exactly once, also after [`Transport::disconnect`].
    Disconnected {
        /// The connection.
        client: ClientId,
    },
}

impl TransportEvent {
    /// The connection that the event belongs to.
    pub fn client(&self) -> ClientId {
        match *self {
            Self::Connected { client, .. }
            | Self::Frame { client, .. }
            | Self::Message { client, .. }
            | Self::Disconnected { client } => client,
        }
    }
}

/// The host's side of one kind of network. No method blocks.
pub trait Transport: Send {
    /// Appends the events since the last call, at most [`MAX_FRAMES_PER_POLL`] frames and [`MAX_MESSAGES_PER_POLL`]
    /// messages of each client. Further frames are dropped, further messages wait.
    fn poll(&mut self, events: &mut Vec<TransportEvent>);
    /// Sends snapshots to sessions of this transport, each of which may be lost. Returns an empty batch for reuse.
    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch;
    /// Sends a reliable message of 1 to `MAX_RELIABLE_BYTES`. All messages to a client arrive, in order.
    fn send_message(&mut self, client: ClientId, bytes: Vec<u8>);
    /// Sends a reliable message that another player caused. It is dropped while the client's queue is half full or more
    /// (backpressure). A transport without a queue drops nothing.
    fn send_of_others(&mut self, client: ClientId, bytes: Vec<u8>) {
        self.send_message(client, bytes);
    }
    /// Ends a connection after its queued reliable messages were sent at least once.
    fn disconnect(&mut self, client: ClientId);
    /// Hands over everything sent since the last call. Marks the end of a tick.
    fn flush(&mut self);
    /// Number of snapshots that have gone out so far.
    fn frames_out(&self) -> u64;
    /// Whether the network is still running. If not, nobody can play over it any more.
    fn is_running(&self) -> bool {
        true
    }
}

/// Most frames of one client in one poll. It sends one per tick; the rest is for a burst after a stall.
pub const MAX_FRAMES_PER_POLL: usize = 8;
/// Most messages of one client in one poll.
pub const MAX_MESSAGES_PER_POLL: usize = 64;
