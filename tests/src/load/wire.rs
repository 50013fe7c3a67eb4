//! All that the load knows of payloads: their layout, the stream of reliable messages, and stock renet in their place.

use std::time::Duration;

use realmgate_client::transport::Framing;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};

use super::hostile::Hostile;

/// renet's channel of frames.
const FRAMES: u8 = 0;
/// renet's channel of reliable messages.
const MESSAGES: u8 = 1;

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
    framed: Framed,
    /// Payloads that could not be read.
    pub bad_payloads: u64,
}

#[derive(Debug)]
enum Framed {
    Own(Box<Own>),
    Renet(Box<Renet>),
}

#[derive(Debug)]
struct Own {
    stream: Stream,
    body: BitWriter,
    payload: Vec<u8>,
}

#[derive(Debug)]
struct Renet {
    end: RenetClient,
    updated_at: Duration,
    /// What is sent in the place of what renet would send.
    hostile: Option<Hostile>,
}

impl Wire {
    /// That of a client with this framing.
    pub fn new(framing: Framing) -> Self {
        let framed = match framing {
            Framing::Own => Framed::Own(Box::new(Own {
                stream: Stream::new(Duration::ZERO),
                body: BitWriter::default(),
                payload: Vec::new(),
            })),
            Framing::Renet => Framed::Renet(Box::new(Renet::new())),
        };
        Self { framed, bad_payloads: 0 }
    }

    /// Whether stock renet frames its payloads.
    pub fn is_renet(&self) -> bool {
        matches!(self.framed, Framed::Renet(_))
    }

    /// From now on it sends its frames among packets that cost a server more, if renet frames them.
    pub fn turn_hostile(&mut self) {
        if let Framed::Renet(renet) = &mut self.framed {
            renet.hostile = Some(Hostile::default());
        }
    }

    /// Queues a reliable message.
    pub fn say(&mut self, message: Vec<u8>) {
        match &mut self.framed {
            Framed::Own(own) => self.bad_payloads += u64::from(own.stream.queue(message).is_err()),
            Framed::Renet(renet) => renet.end.send_message(MESSAGES, message),
        }
    }

    /// Takes a payload from the server.
    pub fn receive(&mut self, payload: &[u8], now: Duration, mut take: impl FnMut(Incoming<'_>)) {
        let is_read = match &mut self.framed {
            Framed::Own(own) => own.receive(payload, now, &mut take),
            Framed::Renet(renet) => renet.receive(payload, now, &mut take),
        };
        self.bad_payloads += u64::from(is_read.is_none());
    }

    /// Ends a client tick: hands out the payloads to send, with the frame and what the stream has to say.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>, now: Duration, send: impl FnMut(&[u8])) {
        match &mut self.framed {
            Framed::Own(own) => own.finish_tick(frame, now, send),
            Framed::Renet(renet) => renet.finish_tick(frame, now, send),
        }
    }
}

impl Own {
    /// `None` for a payload that cannot be read.
    fn receive(&mut self, payload: &[u8], now: Duration, mut take: impl FnMut(Incoming<'_>)) -> Option<()> {
        let payload = datagram::open(payload).ok()?;
        if matches!(payload.section, Section::Input(_)) {
            return None;
        }
        self.stream.receive(&payload, now).ok()?;
        while let Some(message) = self.stream.next_message() {
            take(Incoming::Message(message));
        }
        if let Section::Snapshot(body) = payload.section {
            take(Incoming::Frame(body));
        }
        Some(())
    }

    fn finish_tick(&mut self, frame: Option<&ClientFrame>, now: Duration, send: impl FnMut(&[u8])) {
        let Self { stream, body, payload } = self;
        body.clear();
        let section = frame.map_or(Section::None, |frame| {
            frame.write(body);
            Section::Input(body.bytes())
        });
        stream.compose(section, now, payload, send);
    }
}

impl Renet {
    fn new() -> Self {
        let channel = |channel_id, send_type| ChannelConfig { channel_id, max_memory_usage_bytes: 64 << 10, send_type };
        let messages = SendType::ReliableOrdered { resend_time: Duration::from_millis(200) };
        let channels = vec![channel(FRAMES, SendType::Unreliable), channel(MESSAGES, messages)];
        let mut end = RenetClient::new(ConnectionConfig {
            available_bytes_per_tick: 60_000,
            server_channels_config: channels.clone(),
            client_channels_config: channels,
        });
        end.set_connected();
        Self { end, updated_at: Duration::ZERO, hostile: None }
    }

    fn update(&mut self, now: Duration) {
        self.end.update(now.saturating_sub(self.updated_at));
        self.updated_at = now;
    }

    /// `None` for a packet that cannot be read.
    fn receive(&mut self, packet: &[u8], now: Duration, mut take: impl FnMut(Incoming<'_>)) -> Option<()> {
        self.update(now);
        self.end.process_packet(packet);
        while let Some(message) = self.end.receive_message(MESSAGES) {
            take(Incoming::Message(message.into()));
        }
        while let Some(payload) = self.end.receive_message(FRAMES) {
            let Section::Snapshot(body) = datagram::open(&payload).ok()?.section else { return None };
            take(Incoming::Frame(body));
        }
        (!self.end.is_disconnected()).then_some(())
    }

    fn finish_tick(&mut self, frame: Option<&ClientFrame>, now: Duration, send: impl FnMut(&[u8])) {
        if let Some(hostile) = &mut self.hostile {
            return hostile.finish_tick(frame, send);
        }
        self.update(now);
        if let Some(frame) = frame {
            self.end.send_message(FRAMES, frame.seal());
        }
        self.end.get_packets_to_send().iter().map(Vec::as_slice).for_each(send);
    }
}
