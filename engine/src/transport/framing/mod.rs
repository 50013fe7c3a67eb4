//! How payloads carry frames and reliable messages: in our own framing, or in that of stock renet.
//!
//! The first payload of a client over UDP says which: ours begins with its version, renet's with a packet type, which is less.
//! Until then nothing is sent, since renet ends a connection over a payload that it cannot read. A client speaks first anyway.

mod check;
mod guard;
mod received;
mod renet;

use std::time::Duration;

use realmgate_protocol::wire::datagram::{ClientFrame, FIRST_VERSION, Section};
use realmgate_protocol::wire::stream::{Bounds, QueueError, Stream};

use super::inbound;
use super::refusal::PacketRefusal;
pub use check::check;
use renet::Renet;

/// How long acknowledgements, and renet's messages that are sent again, wait for a snapshot to go with: more than a tick.
const ALONE_AFTER: Duration = Duration::from_millis(60);

/// What a payload costs of its session's rate, in payloads of ours: of renet's, one with many parts costs as much as several.
pub(super) fn cost(payload: &[u8]) -> u32 {
    if is_renet(payload) { guard::cost(payload) } else { 1 }
}

fn is_renet(payload: &[u8]) -> bool {
    payload.first().is_some_and(|kind| *kind < FIRST_VERSION)
}

/// The framing of one connection.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are ours, and a connection is boxed as a whole")]
pub(super) enum Framing {
    /// Ours.
    Own {
        stream: Stream,
        /// Before the first payload of a client that may choose: the bounds of a renet connection. Nothing is sent until then.
        undecided: Option<Bounds>,
    },
    /// Stock renet's.
    Renet(Box<Renet>),
}

impl Framing {
    /// Our framing.
    pub(super) fn own(bounds: Bounds) -> Self {
        Self::Own { stream: Stream::bounded(ALONE_AFTER, bounds), undecided: None }
    }

    /// The framing that the client's first payload will have.
    pub(super) fn undecided(bounds: Bounds) -> Self {
        Self::Own { stream: Stream::bounded(ALONE_AFTER, bounds), undecided: Some(bounds) }
    }

    pub(super) fn is_renet(&self) -> bool {
        matches!(self, Self::Renet(_))
    }

    /// Takes a payload and passes its input frames to `take`. A refused one changes nothing but this: a first one decides.
    pub(super) fn receive(
        &mut self,
        payload: &[u8],
        now: Duration,
        mut take: impl FnMut(ClientFrame),
    ) -> Result<(), PacketRefusal> {
        self.decide(payload, now);
        match self {
            Self::Own { stream, .. } => {
                let (payload, frame) = inbound::open(payload)?;
                stream.receive(&payload, now)?;
                frame.into_iter().for_each(take);
                Ok(())
            }
            Self::Renet(renet) => renet.receive(payload, now, &mut take),
        }
    }

    /// Lets a first payload decide.
    fn decide(&mut self, payload: &[u8], now: Duration) {
        let Self::Own { stream, undecided } = self else { return };
        if let Some(bounds) = undecided.take()
            && is_renet(payload)
        {
            *self = Self::Renet(Box::new(Renet::new(bounds, stream.take_queued(), now)));
        }
    }

    /// Passes the payloads that are due to `send`: the snapshot, if there is one, and messages. Each is built in `out`.
    pub(super) fn compose(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &mut Vec<u8>,
        send: impl FnMut(&[u8]),
    ) {
        match self {
            Self::Own { stream, undecided } => {
                if undecided.is_none() && (snapshot.is_some() || !stream.is_quiet()) {
                    stream.compose(snapshot.map_or(Section::None, Section::Snapshot), now, out, send);
                }
            }
            Self::Renet(renet) => renet.compose(snapshot, now, out, send),
        }
    }

    /// The next payload of our framing that is due, built in `out`, with the snapshot if there is one.
    pub(super) fn compose_one<'out>(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &'out mut Vec<u8>,
    ) -> Option<&'out [u8]> {
        let Self::Own { stream, .. } = self else { return None };
        if snapshot.is_none() && stream.is_quiet() {
            return None;
        }
        stream.compose_one(snapshot.map_or(Section::None, Section::Snapshot), now, out)
    }

    /// Whether there is nothing to send but snapshots, now or later.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Self::Own { stream, .. } => stream.is_quiet(),
            Self::Renet(renet) => renet.is_quiet(),
        }
    }

    /// Whether the client has acknowledged everything.
    pub(super) fn is_acknowledged(&self) -> bool {
        match self {
            Self::Own { stream, .. } => stream.is_acknowledged(),
            Self::Renet(renet) => renet.is_acknowledged(),
        }
    }

    /// Whether so much waits for the client that messages caused by others are dropped.
    pub(super) fn is_behind(&self) -> bool {
        match self {
            Self::Own { stream, .. } => stream.is_behind(),
            Self::Renet(renet) => renet.is_behind(),
        }
    }

    /// What is queued for the client: bytes and messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        match self {
            Self::Own { stream, .. } => stream.queued(),
            Self::Renet(renet) => renet.queued(),
        }
    }

    /// Queues a message for the client.
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        match self {
            Self::Own { stream, .. } => stream.queue(message),
            Self::Renet(renet) => renet.queue(message),
        }
    }

    /// Whether the client's next message is there.
    pub(super) fn has_message(&self) -> bool {
        match self {
            Self::Own { stream, .. } => stream.has_message(),
            Self::Renet(renet) => renet.has_message(),
        }
    }

    /// The client's next message.
    pub(super) fn next_message(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Own { stream, .. } => stream.next_message(),
            Self::Renet(renet) => renet.next_message(),
        }
    }
}

#[cfg(test)]
mod tests;
