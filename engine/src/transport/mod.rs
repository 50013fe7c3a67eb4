//! How clients reach the host: sessions, input frames, snapshots and reliable messages, without saying over what.
//!
//! [`memory`] joins clients and host within one process, for tests; [`udp`] is the netcode server on a thread of its
//! own. Both read what clients send by the same functions (`inbound`) and hand it over under the same bounds (`inbox`).

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

/// What comes from the network to the host, in order for each session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportEvent {
    /// A client holds a connection. Who it is, only admission can say: the id and the user data may even come from
    /// two different connect tokens.
    Connected {
        /// The connection.
        session: SessionId,
        /// 256 bytes of netcode user data, with the ticket in them.
        user_data: Vec<u8>,
    },
    /// An input frame.
    Frame {
        /// The connection.
        session: SessionId,
        /// What the client did and what it has seen.
        frame: ClientFrame,
    },
    /// A reliable message, 1 to `MAX_RELIABLE_BYTES` long and not decoded.
    Message {
        /// The connection.
        session: SessionId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The connection is over. Follows every `Connected` exactly once, also after [`Transport::disconnect`].
    Disconnected {
        /// The connection.
        session: SessionId,
    },
}

impl TransportEvent {
    /// Whose event it is.
    pub fn session(&self) -> SessionId {
        match *self {
            Self::Connected { session, .. }
            | Self::Frame { session, .. }
            | Self::Message { session, .. }
            | Self::Disconnected { session } => session,
        }
    }
}

/// The host's side of the network. Nothing here waits.
pub trait Transport: Send {
    /// Appends what came since the last call, at most [`MAX_FRAMES_PER_POLL`] frames and [`MAX_MESSAGES_PER_POLL`]
    /// messages of each session: more frames are dropped, more messages wait.
    fn poll(&mut self, events: &mut Vec<TransportEvent>);
    /// Sends snapshots, each of which may be lost. Gives back a batch to be filled again, with nothing in it.
    fn send_frames(&mut self, frames: FrameBatch) -> FrameBatch;
    /// Sends a reliable message of 1 to `MAX_RELIABLE_BYTES`; all of a session arrive, in order.
    fn send_message(&mut self, session: SessionId, bytes: Vec<u8>);
    /// Ends a session after what was queued reliably was sent at least once.
    fn disconnect(&mut self, session: SessionId);
    /// Hands over what was sent since the last call: the end of a tick.
    fn flush(&mut self);
    /// Whole frames that have gone out so far; `None` where what is sent is out at once.
    fn frames_out(&self) -> Option<u64> {
        None
    }
    /// Whether the network lives. When it does not, nobody can play here any more.
    fn is_running(&self) -> bool {
        true
    }
}

/// Most frames of one session in one poll. A client sends one per tick; the rest is for a burst after a stall.
pub const MAX_FRAMES_PER_POLL: usize = 8;
/// Most messages of one session in one poll.
pub const MAX_MESSAGES_PER_POLL: usize = 64;
