//! All that the load knows of payloads: their layout, and the stream of reliable messages.

use std::time::Duration;

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;

/// What came in a payload.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// The body of a server frame.
    Frame(&'a [u8]),
    /// A reliable message.
    Message(Vec<u8>),
}

/// One client's payloads, without netcode around them.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    body: BitWriter,
    payload: Vec<u8>,
    /// Payloads that could not be read.
    pub bad_payloads: u64,
}

impl Default for Wire {
    fn default() -> Self {
        let stream = Stream::new(Duration::ZERO);
        Self { stream, body: BitWriter::default(), payload: Vec::new(), bad_payloads: 0 }
    }
}

impl Wire {
    /// Queues a reliable message.
    pub fn say(&mut self, message: Vec<u8>) {
        if self.stream.queue(message).is_err() {
            self.bad_payloads += 1;
        }
    }

    /// Takes a payload from the server.
    pub fn receive(&mut self, payload: &[u8], now: Duration, mut take: impl FnMut(Incoming<'_>)) {
        let Ok(payload) = datagram::open(payload) else {
            self.bad_payloads += 1;
            return;
        };
        if matches!(payload.section, Section::Input(_)) || self.stream.receive(&payload, now).is_err() {
            self.bad_payloads += 1;
            return;
        }
        while let Some(message) = self.stream.next_message() {
            take(Incoming::Message(message));
        }
        if let Section::Snapshot(body) = payload.section {
            take(Incoming::Frame(body));
        }
    }

    /// Ends a client tick: hands out the payloads to send, with the frame and what the stream has to say.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>, now: Duration, send: impl FnMut(&[u8])) {
        let Self { stream, body, payload, .. } = self;
        body.clear();
        let section = frame.map_or(Section::None, |frame| {
            frame.write(body);
            Section::Input(body.bytes())
        });
        stream.compose(section, now, payload, send);
    }
}
