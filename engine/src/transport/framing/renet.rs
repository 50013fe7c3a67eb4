//! The server's end of a connection that stock renet frames.
//!
//! `renet::RenetServer` is a map of [`RenetClient`]s, and updates all of them at once. Here each connection has its own, with
//! the channels of server and client exchanged, so that one has its own clock and its own bounds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::renet::{Bytes, ChannelConfig, ConnectionConfig, RenetClient, SendType};
use realmgate_protocol::wire::datagram::{ClientFrame, PayloadWriter, Section};
use realmgate_protocol::wire::stream::{Bounds, QueueError, WINDOW_BYTES, WINDOW_MESSAGES};

use super::ALONE_AFTER;
use super::guard::{self, Guard};
use crate::netcode::MAX_PAYLOAD_BYTES;
use crate::transport::MAX_FRAMES_PER_POLL;
use crate::transport::inbound::is_message_length;
use crate::transport::refusal::PacketRefusal;

/// When a message is sent again that was not acknowledged.
const RESEND_AFTER: Duration = Duration::from_millis(200);

/// One connection.
#[derive(Debug)]
pub(in crate::transport) struct Renet {
    end: RenetClient,
    guard: Guard,
    bounds: Bounds,
    /// Up to when `end` has been updated.
    updated_at: Duration,
    composed_at: Duration,
    /// Whether something came that has not been acknowledged.
    owes_acknowledgement: bool,
    packets_sent: u64,
    /// Messages for the client that are not in flight yet.
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    in_flight: Arc<InFlight>,
    /// Messages of the client, in order, that the host has not taken.
    received: VecDeque<Vec<u8>>,
    /// The frames of one packet.
    frames: Vec<ClientFrame>,
}

/// Messages that the client has not acknowledged.
#[derive(Debug, Default)]
struct InFlight {
    messages: AtomicUsize,
    bytes: AtomicUsize,
}

/// A message in flight: renet drops it when the client has acknowledged it.
struct Counted {
    message: Vec<u8>,
    in_flight: Arc<InFlight>,
}

impl Counted {
    fn new(message: Vec<u8>, in_flight: &Arc<InFlight>) -> Self {
        in_flight.messages.fetch_add(1, Ordering::Relaxed);
        in_flight.bytes.fetch_add(message.len(), Ordering::Relaxed);
        Self { message, in_flight: in_flight.clone() }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.message
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.in_flight.messages.fetch_sub(1, Ordering::Relaxed);
        self.in_flight.bytes.fetch_sub(self.message.len(), Ordering::Relaxed);
    }
}

/// The channels, as the server's end has them: renet names them from the client's, which sends by `client_channels_config`. Received
/// messages are bounded by the guard, a packet below what is set here, since renet ends a connection that has more.
pub(super) fn channels(held_bytes: usize) -> ConnectionConfig {
    let channel =
        |channel_id, max_memory_usage_bytes, send_type| ChannelConfig { channel_id, max_memory_usage_bytes, send_type };
    let frames = channel(guard::FRAMES, MAX_FRAMES_PER_POLL * MAX_PAYLOAD_BYTES, SendType::Unreliable);
    let messages = |bytes| channel(guard::MESSAGES, bytes, SendType::ReliableOrdered { resend_time: RESEND_AFTER });
    ConnectionConfig {
        available_bytes_per_tick: 2 * WINDOW_BYTES as u64,
        client_channels_config: vec![frames.clone(), messages(WINDOW_BYTES)],
        server_channels_config: vec![frames, messages(held_bytes + MAX_PAYLOAD_BYTES)],
    }
}

impl Renet {
    /// A connection that begins with these messages for the client.
    pub(in crate::transport) fn new(bounds: Bounds, waiting: VecDeque<Vec<u8>>, now: Duration) -> Self {
        let mut end = RenetClient::new(channels(bounds.held_bytes));
        end.set_connected();
        Self {
            end,
            guard: Guard::new(bounds.held_bytes),
            bounds,
            updated_at: now,
            composed_at: Duration::ZERO,
            owes_acknowledgement: false,
            packets_sent: 0,
            waiting_bytes: waiting.iter().map(Vec::len).sum(),
            waiting,
            in_flight: Arc::default(),
            received: VecDeque::new(),
            frames: Vec::new(),
        }
    }

    /// Takes a packet of the client and passes its input frames to `take`.
    pub(in crate::transport) fn receive(
        &mut self,
        packet: &[u8],
        now: Duration,
        take: impl FnMut(ClientFrame),
    ) -> Result<(), PacketRefusal> {
        self.frames.clear();
        self.guard.check(packet, self.packets_sent, &mut self.frames)?;
        self.frames.drain(..).for_each(take);
        self.update(now);
        self.end.process_packet(packet);
        self.owes_acknowledgement = true;
        // The guard has read the frames already.
        while self.end.receive_message(guard::FRAMES).is_some() {}
        while let Some(message) = self.end.receive_message(guard::MESSAGES) {
            self.received.push_back(message.into());
        }
        Ok(())
    }

    /// Whether the host can take a message.
    pub(in crate::transport) fn has_message(&self) -> bool {
        !self.received.is_empty()
    }

    /// The client's next message.
    pub(in crate::transport) fn next_message(&mut self) -> Option<Vec<u8>> {
        let message = self.received.pop_front()?;
        self.guard.take(message.len());
        Some(message)
    }

    /// Queues a message for the client.
    pub(in crate::transport) fn queue(&mut self, message: Vec<u8>) -> Result<(), QueueError> {
        if !is_message_length(message.len()) {
            return Err(QueueError::Length(message.len()));
        }
        let (bytes, _) = self.queued();
        if bytes + message.len() > self.bounds.queue_bytes || self.waiting.len() >= self.bounds.queue_messages {
            return Err(QueueError::Full);
        }
        self.waiting_bytes += message.len();
        self.waiting.push_back(message);
        Ok(())
    }

    /// What is queued for the client: bytes and messages, in flight or waiting.
    pub(in crate::transport) fn queued(&self) -> (usize, usize) {
        let InFlight { messages, bytes } = &*self.in_flight;
        (self.waiting_bytes + bytes.load(Ordering::Relaxed), self.waiting.len() + messages.load(Ordering::Relaxed))
    }

    /// Whether so much waits for the client that messages caused by others are dropped.
    pub(in crate::transport) fn is_behind(&self) -> bool {
        self.queued().0 >= self.bounds.behind_bytes || self.waiting.len() >= self.bounds.behind_messages
    }

    /// Whether the client has acknowledged everything.
    pub(in crate::transport) fn is_acknowledged(&self) -> bool {
        self.queued().1 == 0
    }

    /// Whether there is nothing to send but snapshots.
    pub(in crate::transport) fn is_quiet(&self) -> bool {
        self.is_acknowledged() && !self.owes_acknowledgement
    }

    /// Passes the packets that are due to `send`: the snapshot, if there is one, messages and acknowledgements.
    pub(in crate::transport) fn compose(
        &mut self,
        snapshot: Option<&[u8]>,
        now: Duration,
        out: &mut Vec<u8>,
        mut send: impl FnMut(&[u8]),
    ) {
        let is_late = now.saturating_sub(self.composed_at) >= ALONE_AFTER;
        let has_new = self.fill_window();
        if snapshot.is_none() && !has_new && (self.is_quiet() || !is_late) {
            return;
        }
        self.update(now);
        if let Some(snapshot) = snapshot {
            let frame = PayloadWriter::start(out, None).finish(Section::Snapshot(snapshot));
            self.end.send_message(guard::FRAMES, Bytes::copy_from_slice(frame));
        }
        for packet in self.end.get_packets_to_send() {
            self.packets_sent += 1;
            send(&packet);
        }
        (self.composed_at, self.owes_acknowledgement) = (now, false);
    }

    /// Hands waiting messages to renet, which has a limit on their bytes, but none on their number. Returns whether there were any.
    fn fill_window(&mut self) -> bool {
        let InFlight { messages, bytes } = &*self.in_flight;
        let before = self.waiting.len();
        while messages.load(Ordering::Relaxed) < WINDOW_MESSAGES
            && let Some(message) =
                self.waiting.pop_front_if(|next| bytes.load(Ordering::Relaxed) + next.len() <= WINDOW_BYTES)
        {
            self.waiting_bytes -= message.len();
            let message = Bytes::from_owner(Counted::new(message, &self.in_flight));
            self.end.send_message(guard::MESSAGES, message);
        }
        self.waiting.len() < before
    }

    /// Messages of the client that the host has not taken.
    pub(super) fn held(&self) -> usize {
        self.received.len()
    }

    /// Whether renet has not ended the connection. It never does, as long as the guard is right.
    pub(super) fn is_sound(&self) -> bool {
        !self.end.is_disconnected()
    }

    fn update(&mut self, now: Duration) {
        self.end.update(now.saturating_sub(self.updated_at));
        self.updated_at = now;
    }
}
