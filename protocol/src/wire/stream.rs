//! Reliable messages between the two ends of a connection. Each arrives once and in order, within datagrams that are
//! sent anyway.
//!
//! A pure state machine for one end, the same for clients and servers. Message ids are sequence numbers from 0 for each
//! direction. Only 16 bits of them are sent, which is enough: within the 256 datagrams of netcode's replay window, of
//! at most [`WINDOW_MESSAGES`] each, no id wraps around. A message is resent when it is not acknowledged within twice
//! the round trip time. Arrivals are acknowledged in the next two datagrams, so an idle stream costs no bytes.

mod check;
mod receiver;
mod sender;

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::datagram::{Payload, PayloadWriter, Section};

pub use check::check;
use receiver::Receiver;
pub use sender::QueueError;
use sender::Sender;

/// Maximum messages in flight, and how far ahead of the next expected one a message may be.
pub const WINDOW_MESSAGES: usize = 64;
/// Maximum bytes of messages in flight.
pub const WINDOW_BYTES: usize = 16 << 10;
/// Maximum bytes of received messages that an end holds: those that came early, and those that the caller has not
/// taken.
pub const HELD_BYTES: usize = 32 << 10;
/// Maximum bytes of queued messages, sent or not.
pub const QUEUE_BYTES: usize = 256 << 10;
/// Maximum number of messages that wait to be sent, since small ones cost more than their bytes.
pub const QUEUE_MESSAGES: usize = 4_096;

/// How much an end keeps for the other: what waits to be sent, and what has come early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum bytes of queued messages, sent or not.
    pub queue_bytes: usize,
    /// Maximum number of messages that wait to be sent.
    pub queue_messages: usize,
    /// From how many queued bytes on the other end is behind.
    pub behind_bytes: usize,
    /// From how many waiting messages on the other end is behind.
    pub behind_messages: usize,
    /// Maximum bytes of received messages that an end holds.
    pub held_bytes: usize,
}

impl Default for Bounds {
    /// [`QUEUE_BYTES`] and [`QUEUE_MESSAGES`], behind with half of either, and [`HELD_BYTES`].
    fn default() -> Self {
        Self {
            queue_bytes: QUEUE_BYTES,
            queue_messages: QUEUE_MESSAGES,
            behind_bytes: QUEUE_BYTES / 2,
            behind_messages: QUEUE_MESSAGES / 2,
            held_bytes: HELD_BYTES,
        }
    }
}

/// A payload that no honest end sends. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It acknowledges a message that was never sent.
    #[error("an acknowledgement of a message that was never sent")]
    NeverSent,
    /// A message is too far from the next expected one.
    #[error("a message outside the window")]
    OutsideWindow,
    /// More bytes came ahead of a missing message than an end holds.
    #[error("too many bytes ahead of a missing message")]
    TooMuch,
}

/// One end of a connection's reliable messages. The caller passes in the time, counted from any fixed moment.
///
/// ```
/// use std::time::Duration;
///
/// use realmgate_protocol::wire::datagram::{self, Section};
/// use realmgate_protocol::wire::stream::Stream;
///
/// let mut client = Stream::new(Duration::from_millis(100));
/// let mut server = Stream::new(Duration::from_millis(100));
/// let (now, mut out) = (Duration::from_millis(33), Vec::new());
///
/// client.queue(b"hello".to_vec())?;
/// let payload = client.compose_one(Section::None, now, &mut out).ok_or("nothing to send")?;
/// server.receive(&datagram::open(payload)?, now)?;
/// assert_eq!(server.next_message(), Some(b"hello".to_vec()));
///
/// // The next snapshot has the acknowledgement beside it.
/// let payload = server.compose_one(Section::Snapshot(b"body"), now, &mut out).ok_or("nothing to send")?;
/// client.receive(&datagram::open(payload)?, now)?;
/// assert!(client.is_acknowledged());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    sender: Sender,
    receiver: Receiver,
}

impl Stream {
    /// An end that has sent and received nothing. An acknowledgement waits at most `ack_alone_after` for a datagram to
    /// travel with.
    pub fn new(ack_alone_after: Duration) -> Self {
        Self::bounded(ack_alone_after, Bounds::default())
    }

    /// As [`Self::new`], with other bounds than usual.
    pub fn bounded(ack_alone_after: Duration, bounds: Bounds) -> Self {
        Self { sender: Sender::new(bounds), receiver: Receiver::new(ack_alone_after, bounds.held_bytes) }
    }

    /// Queues a message of 1 to [`MAX_RELIABLE_BYTES`](crate::limits::MAX_RELIABLE_BYTES) bytes for sending.
    ///
    /// # Errors
    /// [`QueueError::Length`] when it is empty or too long, [`QueueError::Full`] when its [`Bounds`] would be exceeded.
    pub fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        self.sender.queue(message)
    }

    /// Takes the queued messages that were never sent, in order.
    pub fn take_queued(&mut self) -> VecDeque<Vec<u8>> {
        self.sender.take_waiting()
    }

    /// What is queued: bytes and messages, in flight or waiting.
    pub fn queued(&self) -> (usize, usize) {
        self.sender.queued()
    }

    /// Whether so much is queued that what may be left out should be.
    pub fn is_behind(&self) -> bool {
        self.sender.is_behind()
    }

    /// Takes the acknowledgement and the messages of a payload.
    ///
    /// # Errors
    /// [`StreamError`] when no honest end would have sent it: an acknowledgement of a message that was never sent, or
    /// messages outside the window or beyond its [`Bounds`]. Then nothing of the payload is taken.
    pub fn receive(&mut self, payload: &Payload<'_>, now: Duration) -> Result<(), StreamError> {
        self.receiver.judge(&payload.messages)?;
        if let Some(ack) = payload.ack {
            self.sender.acknowledge(ack, now)?;
        }
        self.receiver.take(&payload.messages, now);
        Ok(())
    }

    /// The next received message, in order.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        self.receiver.next_message()
    }

    /// Whether a received message is ready.
    pub fn has_message(&self) -> bool {
        self.receiver.has_message()
    }

    /// Whether the other end has acknowledged everything.
    pub fn is_acknowledged(&self) -> bool {
        self.sender.is_acknowledged()
    }

    /// Whether the stream itself has nothing to send. Then [`Self::compose`] without a section does nothing.
    pub fn is_quiet(&self) -> bool {
        self.sender.is_acknowledged() && !self.receiver.owes_ack()
    }

    /// Passes the payloads to send now to `send`. The first has the section (at most
    /// [`MAX_SECTION_BYTES`](crate::wire::datagram::MAX_SECTION_BYTES)) and the messages that fit beside it, the others
    /// have the rest of the due messages. Without a section there may be none. `out` is the buffer that they are built
    /// in.
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

    /// Builds one payload in `out`: the section, and the due messages that fit beside it; `None` when nothing is due.
    /// For an end that sends the next one when this one is on its way; what is due is what [`Self::compose`] would
    /// send at once.
    pub fn compose_one<'out>(
        &mut self,
        section: Section<'_>,
        now: Duration,
        out: &'out mut Vec<u8>,
    ) -> Option<&'out [u8]> {
        self.sender.fill_window();
        let goes_anyway = section != Section::None || self.sender.is_due(now);
        let mut payload = PayloadWriter::start(out, self.receiver.ack_to_send(goes_anyway, now));
        let mut at = 0;
        while let Some((next, id, message)) = self.sender.next_due(at, now)
            && payload.push(id, message, section.body().len())
        {
            self.sender.note_sent(next, now);
            at = next + 1;
        }
        (section != Section::None || !payload.is_empty()).then(|| payload.finish(section))
    }
}

#[cfg(test)]
mod tests;
