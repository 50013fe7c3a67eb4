//! The payloads of one connection: its reliable messages and frames, both ways.

use std::time::Duration;

use realmgate_protocol::wire::datagram::{ClientFrame, Section};
use realmgate_protocol::wire::stream::{Bounds, QueueError, Stream};

use super::inbound;
use super::refusal::PacketRefusal;

/// How long an acknowledgement waits for a snapshot to go with: more than a tick.
const ACK_ALONE_AFTER: Duration = Duration::from_millis(60);

#[derive(Debug)]
pub(super) struct ReliableStream {
    stream: Stream,
}

impl ReliableStream {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { stream: Stream::bounded(ACK_ALONE_AFTER, bounds) }
    }

    /// What is queued for the client: bytes and messages.
    pub(super) fn queued(&self) -> (usize, usize) {
        self.stream.queued()
    }

    /// Whether so much waits for the client that what may be left out is.
    pub(super) fn is_behind(&self) -> bool {
        self.stream.is_behind()
    }

    /// Queues a message for sending; an error when it is empty or too long, or too much is unacknowledged.
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        self.stream.queue(message)
    }

    /// Takes a received payload. Returns its input frame, if it has one. A refused payload changes nothing.
    pub(super) fn receive_payload(
        &mut self,
        payload: &[u8],
        now: Duration,
    ) -> Result<Option<ClientFrame>, PacketRefusal> {
        let (payload, frame) = inbound::open(payload)?;
        self.stream.receive(&payload, now)?;
        Ok(frame)
    }

    /// Whether it is worth calling [`Self::next_message`].
    pub(super) fn may_have_message(&self) -> bool {
        self.stream.has_message()
    }

    /// The next received message, in order.
    pub(super) fn next_message(&mut self) -> Option<Vec<u8>> {
        self.stream.next_message()
    }

    /// Whether the client has acknowledged everything.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.stream.is_acknowledged()
    }

    /// Whether there is nothing to send but a snapshot.
    pub(super) fn is_quiet(&self) -> bool {
        self.stream.is_quiet()
    }

    /// Passes the payloads to send now to `send`, each built in `out`. The snapshot is in the first of them.
    pub(super) fn compose(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &mut Vec<u8>,
        send: impl FnMut(&[u8]),
    ) {
        let section = snapshot.map_or(Section::None, Section::Snapshot);
        self.stream.compose(section, now, out, send);
    }

    /// The next payload to send, built in `out`, with the snapshot if there is one; `None` when nothing is due.
    pub(super) fn compose_one<'out>(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &'out mut Vec<u8>,
    ) -> Option<&'out [u8]> {
        let section = snapshot.map_or(Section::None, Section::Snapshot);
        self.stream.compose_one(section, now, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::wire::datagram::{self, VERSION};

    #[test]
    fn a_snapshot_carries_messages_and_acknowledgements() {
        let mut stream = ReliableStream::new(Bounds::default());
        let client = [VERSION, 16, 1, 0, 0, 1, 0, 7];
        assert_eq!(stream.receive_payload(&client, Duration::ZERO), Ok(None));
        stream.queue(vec![8, 9]).unwrap();
        let mut sent = Vec::new();
        stream.compose(Some(&[1, 2]), Duration::ZERO, &mut Vec::new(), |payload| sent.push(payload.to_vec()));
        assert_eq!(sent, [[VERSION, 1 | 4 | 16, 1, 0, 1, 0, 0, 2, 0, 8, 9, 1, 2]]);
        assert_eq!(stream.next_message(), Some(vec![7]));
        assert_eq!(stream.receive_payload(&[VERSION, 4, 1, 0], Duration::ZERO), Ok(None));
        assert!(stream.is_acknowledged() && stream.is_quiet());
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut stream = ReliableStream::new(Bounds::default());
        let frame_and_message =
            |id: u8| [&[VERSION, 18, 1, id, 0, 1, 0, 7][..], &ClientFrame::default().seal()[2..]].concat();
        let mut torn = frame_and_message(0);
        torn.pop();
        assert_eq!(stream.receive_payload(&torn, Duration::ZERO), Err(PacketRefusal::Frame));
        assert_eq!(stream.receive_payload(&frame_and_message(64), Duration::ZERO), Err(PacketRefusal::MessageAhead));
        assert_eq!(stream.receive_payload(&[VERSION, 4, 1, 0], Duration::ZERO), Err(PacketRefusal::AckUnsent));
        let acknowledges_and_says = |id: u8| [VERSION, 20, 1, 0, 1, id, 0, 1, 0, 7];
        let unsent = stream.receive_payload(&acknowledges_and_says(0), Duration::ZERO);
        assert_eq!(unsent, Err(PacketRefusal::AckUnsent));
        assert!(!stream.may_have_message() && stream.is_quiet(), "nothing came that would be acknowledged");
        stream.queue(vec![8]).unwrap();
        stream.compose(None, Duration::ZERO, &mut Vec::new(), |_| {});
        let ahead = stream.receive_payload(&acknowledges_and_says(64), Duration::ZERO);
        assert_eq!((ahead, stream.is_acknowledged()), (Err(PacketRefusal::MessageAhead), false));
        let taken = stream.receive_payload(&frame_and_message(0), Duration::ZERO);
        assert_eq!(taken, Ok(Some(ClientFrame::default())));
        assert_eq!(stream.next_message(), Some(vec![7]));
        assert!(datagram::open(&frame_and_message(1)).is_ok());
    }
}
