//! What a connection does with payloads that stock renet frames, as `docs/protocol.md` describes under "With renet".

use std::time::Duration;

use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::{QUEUE_BYTES, QueueError};
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};

use super::payloads::{BadPayload, Incoming};

/// The channel of frames.
const FRAMES: u8 = 0;
/// The channel of reliable messages.
const MESSAGES: u8 = 1;
/// Most bytes of messages from the server that are kept: more than it ever has in flight.
const HELD_BYTES: usize = 64 << 10;

/// The payloads of one connection.
#[derive(Debug)]
pub(super) struct Renet(RenetClient);

impl Renet {
    pub(super) fn new() -> Self {
        let channels = |bytes| {
            let channel =
                |channel_id, send_type| ChannelConfig { channel_id, max_memory_usage_bytes: bytes, send_type };
            let resend_time = Duration::from_millis(200);
            vec![channel(FRAMES, SendType::Unreliable), channel(MESSAGES, SendType::ReliableOrdered { resend_time })]
        };
        let mut client = RenetClient::new(ConnectionConfig {
            available_bytes_per_tick: 60_000,
            server_channels_config: channels(HELD_BYTES),
            client_channels_config: channels(QUEUE_BYTES),
        });
        client.set_connected();
        Self(client)
    }

    pub(super) fn advance(&mut self, elapsed: Duration) {
        self.0.update(elapsed);
    }

    /// Takes a packet from the server.
    pub(super) fn receive(&mut self, packet: &[u8]) -> Result<(), BadPayload> {
        self.0.process_packet(packet);
        if self.0.is_disconnected() { Err(BadPayload) } else { Ok(()) }
    }

    /// The next received message, or, where there is none, the next frame. A frame that is none of a server's is left out.
    pub(super) fn next_incoming(&mut self) -> Option<Incoming> {
        if let Some(message) = self.0.receive_message(MESSAGES) {
            return Some(Incoming::Message(message.into()));
        }
        let mut frames = std::iter::from_fn(|| self.0.receive_message(FRAMES));
        frames.find_map(|payload| match datagram::open(&payload).ok()?.section {
            Section::Snapshot(body) => Some(Incoming::Frame(body.to_vec())),
            Section::Input(_) | Section::None => None,
        })
    }

    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        if message.is_empty() || message.len() > MAX_RELIABLE_BYTES {
            return Err(QueueError::Length(message.len()));
        }
        if !self.0.can_send_message(MESSAGES, message.len()) {
            return Err(QueueError::Full);
        }
        self.0.send_message(MESSAGES, message);
        Ok(())
    }

    /// Whether every sent message has been acknowledged.
    pub(super) fn is_all_acknowledged(&self) -> bool {
        self.0.channel_available_memory(MESSAGES) == QUEUE_BYTES
    }

    /// Passes a client's tick to `send`: its frame, if it has one, and the due messages and acknowledgements.
    pub(super) fn compose(&mut self, frame: Option<&ClientFrame>, send: impl FnMut(&[u8])) {
        if let Some(frame) = frame {
            self.0.send_message(FRAMES, frame.seal());
        }
        self.0.get_packets_to_send().iter().map(Vec::as_slice).for_each(send);
    }
}
