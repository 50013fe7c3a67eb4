//! Reliable messages between the two ends of a connection: each arrives, once and in order, within the datagrams that
//! go anyway.
//!
//! A pure state machine for one end, the same for clients and servers. Message ids count from 0 for each direction;
//! 16 bits of them travel, which is enough: within the 256 datagrams of netcode's replay window, of at most
//! [`WINDOW_MESSAGES`] each, no id comes around. A message is sent again when no acknowledgement named it for twice the
//! round trip. What has arrived is acknowledged in the next two datagrams, so a stream that has nothing to say costs no
//! bytes.

mod check;
mod receiver;
mod sender;

use std::time::Duration;

use crate::wire::datagram::{Payload, PayloadWriter, Section};

pub use check::check;
use receiver::Receiver;
pub use sender::QueueError;
use sender::Sender;

/// Messages under way at most, and how far ahead of the next one a message may be.
pub const WINDOW_MESSAGES: usize = 64;
/// Bytes of messages under way at most.
pub const WINDOW_BYTES: usize = 16 << 10;
/// Bytes of messages that an end holds which came too early, or which nobody has taken yet.
pub const HELD_BYTES: usize = 32 << 10;
/// Bytes of messages that may wait, sent or not.
pub const QUEUE_BYTES: usize = 256 << 10;
/// The same in messages, since small ones cost more than their bytes.
pub const QUEUE_MESSAGES: usize = 4_096;

/// What no honest end sends. Nothing of its payload was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It acknowledges a message that was never sent.
    #[error("an acknowledgement of a message that was never sent")]
    NeverSent,
    /// A message too far from the next one that is waited for.
    #[error("a message outside the window")]
    OutsideWindow,
    /// More bytes ahead of a missing message than are held.
    #[error("too many bytes ahead of a missing message")]
    TooMuch,
}

/// One end of a connection's reliable messages. Time is handed in, from any fixed moment.
#[derive(Debug)]
pub struct Stream {
    sender: Sender,
    receiver: Receiver,
}

impl Stream {
    /// An end that has said and heard nothing. An acknowledgement waits for a datagram to go with, for
    /// `ack_alone_after` at most.
    pub fn new(ack_alone_after: Duration) -> Self {
        Self { sender: Sender::default(), receiver: Receiver::new(ack_alone_after) }
    }

    /// Takes a message for sending, of 1 to [`MAX_RELIABLE_BYTES`](crate::limits::MAX_RELIABLE_BYTES).
    pub fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        self.sender.queue(message)
    }

    /// Takes what a payload holds for the stream.
    pub fn receive(&mut self, payload: &Payload<'_>, now: Duration) -> Result<(), StreamError> {
        self.receiver.judge(&payload.messages)?;
        if let Some(ack) = payload.ack {
            self.sender.acknowledge(ack, now)?;
        }
        self.receiver.take(&payload.messages, now);
        Ok(())
    }

    /// The next message that came, in order.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        self.receiver.next_message()
    }

    /// Whether a message is there.
    pub fn has_message(&self) -> bool {
        self.receiver.has_message()
    }

    /// Whether the other end has acknowledged everything.
    pub fn is_acknowledged(&self) -> bool {
        self.sender.is_acknowledged()
    }

    /// Whether there is nothing to send but what the caller has: then [`Self::compose`] without a section does nothing.
    pub fn is_quiet(&self) -> bool {
        self.sender.is_acknowledged() && !self.receiver.owes_ack()
    }

    /// Gives out the payloads to send now: the first with the section (at most
    /// [`MAX_SECTION_BYTES`](crate::wire::datagram::MAX_SECTION_BYTES)) and what fits beside it, the others with the
    /// rest of what is due. Without a section there may be none. They are made in `out`.
    pub fn compose(&mut self, mut section: Section<'_>, now: Duration, out: &mut Vec<u8>, mut send: impl FnMut(&[u8])) {
        self.sender.fill_window();
        let goes_anyway = section != Section::None || self.sender.is_due(now);
        let mut payload = PayloadWriter::start(out, self.receiver.ack_to_send(goes_anyway, now));
        let mut at = 0;
        while let Some((next, id, message)) = self.sender.next_due(at, now) {
            if !payload.push(id, message, section.body().len()) {
                send(payload.finish(section));
                section = Section::None;
                payload = PayloadWriter::start(out, None);
                continue;
            }
            self.sender.note_sent(next, now);
            at = next + 1;
        }
        if section != Section::None || !payload.is_empty() {
            send(payload.finish(section));
        }
    }
}

#[cfg(test)]
mod tests;
