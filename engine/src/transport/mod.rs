//! How clients reach the host: sessions, input frames, snapshots and reliable messages, independent of what carries
//! them.
//!
//! [`memory`] joins clients and host within one process, for tests. [`udp`] is the netcode server on a thread of its
//! own. Both parse client payloads with the same functions (`inbound`) and hand them over under the same limits
//! (`inbox`).

mod inbound;
mod inbox;
pub mod memory;
pub mod refusal;
pub mod udp;

use realmgate_protocol::wire::datagram::ClientFrame;

use crate::outbox::FrameBatch;

/// One connection of one client: the netcode client id, which is the random id of the ticket it connected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct SessionId(pub u64);

/// An event from the network for the host. The events of a session come in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportEvent {
    /// A client has connected. Only admission can say who it is: the id and the ticket may even come from two different
    /// connect tokens.
    Connected {
        /// The connection.
        session: SessionId,
        /// The ticket that it shows, unchecked, as the transport found it: bytes may follow.
        ticket: Vec<u8>,
    },
    /// An input frame.
    Frame {
        /// The connection.
        session: SessionId,
        /// The client's commands and the snapshots it acknowledges.
        frame: ClientFrame,
    },
    /// A reliable message, 1 to `MAX_RELIABLE_BYTES` long and not decoded.
    Message {
        /// The connection.
        session: SessionId,
        /// The encoded message.
        bytes: Vec<u8>,
    },
    /// The connection is over. Follows every `Connected` exactly once, also after [`Transport::disconnect`].
    Disconnected {
        /// The connection.
        session: SessionId,
    },
}

impl TransportEvent {
    /// The connection that the event belongs to.
    pub fn session(&self) -> SessionId {
        match *self {
            Self::Connected { session, .. }
            | Self::Frame { session, .. }
            | Self::Message { session, .. }
            | Self::Disconnected { session } => session,
        }
    }
}

/// The host's side of the network. No method blocks.
pub trait Transport: Send {
    /// Appends the events since the last call, at most [`MAX_FRAMES_PER_POLL`] frames and [`MAX_MESSAGES_PER_POLL`]
    /// messages of each session. Further frames are dropped, further messages wait.
    fn poll(&mut self, events: &mut Vec<TransportEvent>);
    /// Sends snapshots, each of which may be lost. Returns an empty batch for reuse.
    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch;
    /// Sends a reliable message of 1 to `MAX_RELIABLE_BYTES`. All messages of a session arrive, in order.
    fn send_message(&mut self, session: SessionId, bytes: Vec<u8>);
    /// Sends a reliable message that another player caused. It is dropped while the client's queue is half full or more
    /// (backpressure). A transport without a queue drops nothing.
    fn send_of_others(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.send_message(session, bytes);
    }
    /// Ends a session after its queued reliable messages were sent at least once.
    fn disconnect(&mut self, session: SessionId);
    /// Hands over everything sent since the last call. Marks the end of a tick.
    fn flush(&mut self);
    /// Number of frames that have gone out so far; `None` if everything sent is out at once.
    fn frames_out(&self) -> Option<u64> {
        None
    }
    /// Whether the network is still running. If not, nobody can play here any more.
    fn is_running(&self) -> bool {
        true
    }
}

/// Most frames of one session in one poll. A client sends one per tick; the rest is for a burst after a stall.
pub const MAX_FRAMES_PER_POLL: usize = 8;
/// Most messages of one session in one poll.
pub const MAX_MESSAGES_PER_POLL: usize = 64;
