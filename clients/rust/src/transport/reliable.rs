//! The reliable, ordered stream of messages, by renet.
//!
//! renet answers every packet with a packet of its own for ever when it is asked for packets each tick, so it is asked
//! only when there is something to say. It also panics on slices, which we never make, and packs messages into packets
//! longer than our payloads, which is why only so many bytes are under way at once.

use std::collections::VecDeque;
use std::time::Duration;

use realmgate_protocol::limits::MAX_RELIABLE_BYTES;
use renet::{ChannelConfig, ConnectionConfig, DisconnectReason, RenetClient, SendType};

const CHANNEL: u8 = 0;
const RESEND_AFTER: Duration = Duration::from_millis(200);
const MAX_MEMORY_BYTES: usize = 256 * 1_024;
/// renet's packets of messages, and of acknowledgements; the others are slices and unreliable.
const MESSAGES: u8 = 0;
const ACKNOWLEDGEMENTS: u8 = 4;
/// Bytes that renet may hold unacknowledged: even packed together again for another try, they fit one payload.
const WINDOW_BYTES: usize = 1_120;
/// What renet adds to each message, at most: its length and its number.
const MESSAGE_HEAD_BYTES: usize = 10;

/// Why the stream can not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReliableError {
    /// renet gave up.
    #[error("the reliable stream broke: {0}")]
    Broken(DisconnectReason),
    /// A kind of packet that we do not take.
    #[error("a reliable packet of kind {0}")]
    Kind(u8),
    /// A packet without bytes.
    #[error("an empty reliable packet")]
    Empty,
    /// A message longer than the protocol allows was to be sent.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// The other side has not acknowledged anything for too long.
    #[error("too many messages wait to be sent")]
    Full,
}

/// One side of the stream. Both sides are alike but for who sends first.
#[derive(Debug)]
pub struct ReliableChannel {
    renet: RenetClient,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// Bytes given to renet since it last held nothing.
    under_way_bytes: usize,
    must_acknowledge: bool,
    since_asked: Duration,
}

/// The configuration that both sides use.
pub(super) fn config() -> ConnectionConfig {
    let channel = || ChannelConfig {
        channel_id: CHANNEL,
        max_memory_usage_bytes: MAX_MEMORY_BYTES,
        send_type: SendType::ReliableOrdered { resend_time: RESEND_AFTER },
    };
    ConnectionConfig {
        available_bytes_per_tick: 60_000,
        server_channels_config: vec![channel()],
        client_channels_config: vec![channel()],
    }
}

impl Default for ReliableChannel {
    fn default() -> Self {
        let mut renet = RenetClient::new(config());
        renet.set_connected();
        Self {
            renet,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            under_way_bytes: 0,
            must_acknowledge: false,
            since_asked: RESEND_AFTER,
        }
    }
}

impl ReliableChannel {
    /// Lets time pass.
    pub fn advance(&mut self, elapsed: Duration) {
        self.renet.update(elapsed);
        self.since_asked = self.since_asked.saturating_add(elapsed);
    }

    /// Queues a message.
    pub fn send(&mut self, message: Vec<u8>) -> Result<(), ReliableError> {
        if message.is_empty() || message.len() > MAX_RELIABLE_BYTES {
            return Err(ReliableError::TooLong(message.len()));
        }
        if self.waiting_bytes + message.len() > MAX_MEMORY_BYTES {
            return Err(ReliableError::Full);
        }
        self.waiting_bytes += message.len();
        self.waiting.push_back(message);
        Ok(())
    }

    /// Takes the body of a reliable datagram.
    pub fn receive(&mut self, packet: &[u8]) -> Result<(), ReliableError> {
        match packet.first() {
            None => return Err(ReliableError::Empty),
            Some(&MESSAGES) => self.must_acknowledge = true,
            Some(&ACKNOWLEDGEMENTS) => {}
            Some(&kind) => return Err(ReliableError::Kind(kind)),
        }
        self.renet.process_packet(packet);
        self.health()
    }

    /// The next message in order.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        self.renet.receive_message(CHANNEL).map(|message| message.to_vec())
    }

    /// The packets due now, for one datagram each: none on most ticks.
    pub fn packets(&mut self) -> Result<Vec<Vec<u8>>, ReliableError> {
        let fresh = self.hand_over();
        let resend = self.unacknowledged_bytes() > 0 && self.since_asked >= RESEND_AFTER;
        if !(fresh || resend || self.must_acknowledge) {
            return Ok(Vec::new());
        }
        self.must_acknowledge = false;
        self.since_asked = Duration::ZERO;
        let packets = self.renet.get_packets_to_send();
        self.health().map(|()| packets)
    }

    /// Whether every message has been acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.unacknowledged_bytes() == 0
    }

    /// Gives renet the messages that fit the window; whether there were any.
    fn hand_over(&mut self) -> bool {
        if self.unacknowledged_bytes() == 0 {
            self.under_way_bytes = 0;
        }
        let mut any = false;
        while let Some(next) = self.waiting.front() {
            let after = self.under_way_bytes + next.len() + MESSAGE_HEAD_BYTES;
            if after > WINDOW_BYTES {
                break;
            }
            if let Some(message) = self.waiting.pop_front() {
                self.waiting_bytes -= message.len();
                self.under_way_bytes = after;
                self.renet.send_message(CHANNEL, message);
                any = true;
            }
        }
        any
    }

    fn unacknowledged_bytes(&self) -> usize {
        MAX_MEMORY_BYTES - self.renet.channel_available_memory(CHANNEL)
    }

    fn health(&self) -> Result<(), ReliableError> {
        self.renet.disconnect_reason().map_or(Ok(()), |reason| Err(ReliableError::Broken(reason)))
    }
}

#[cfg(test)]
mod tests;
