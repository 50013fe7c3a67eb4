//! What a connection does with payloads, whatever carries them: reliable messages, when they are acknowledged, and frames.

use std::collections::VecDeque;
use std::time::Duration;

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::{QueueError, Stream};

/// Something received from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The body of a snapshot.
    Frame(Vec<u8>),
    /// A reliable message.
    Message(Vec<u8>),
}

/// The payloads of one connection.
#[derive(Debug)]
pub(super) struct Payloads {
    stream: Stream,
    /// Time since the connection was created.
    now: Duration,
    incoming: VecDeque<Incoming>,
}

/// A payload that no honest server sends. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload violates the protocol")]
pub(super) struct BadPayload;

impl Payloads {
    pub(super) fn new() -> Self {
        // A tick without a frame has no frame to wait for, so an acknowledgement need not wait either.
        Self { stream: Stream::new(Duration::ZERO), now: Duration::ZERO, incoming: VecDeque::new() }
    }

    pub(super) fn advance(&mut self, elapsed: Duration) {
        self.now += elapsed;
    }

    /// Takes a payload from the server.
    pub(super) fn receive(&mut self, payload: &[u8]) -> Result<(), BadPayload> {
        let payload = datagram::open(payload).map_err(|_| BadPayload)?;
        if matches!(payload.section, Section::Input(_)) {
            return Err(BadPayload);
        }
        self.stream.receive(&payload, self.now).map_err(|_| BadPayload)?;
        let messages = std::iter::from_fn(|| self.stream.next_message());
        self.incoming.extend(messages.map(Incoming::Message));
        if let Section::Snapshot(body) = payload.section {
            self.incoming.push_back(Incoming::Frame(body.to_vec()));
        }
        Ok(())
    }

    pub(super) fn next_incoming(&mut self) -> Option<Incoming> {
        self.incoming.pop_front()
    }

    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        self.stream.queue(message)
    }

    /// Whether every sent message has been acknowledged.
    pub(super) fn is_all_acknowledged(&self) -> bool {
        self.stream.is_acknowledged()
    }

    /// Passes a client's tick to `send`: its frame, if it has one, and the due reliable messages and acknowledgements.
    pub(super) fn compose(&mut self, frame: Option<&ClientFrame>, send: impl FnMut(&[u8])) {
        let mut body = BitWriter::default();
        let section = frame.map_or(Section::None, |frame| {
            frame.write(&mut body);
            Section::Input(body.bytes())
        });
        self.stream.compose(section, self.now, &mut Vec::new(), send);
    }
}
