//! Reliable messages of one session, both ways, by `renet`'s ordered channel.
//!
//! A netcode payload has at most 1,200 bytes, and `renet` fills packets of up to 1,212. So it never gets more to send
//! at once than fits: messages are handed to it in groups of one packet each, and its clock, which is ours to set,
//! stops at the moment when each group is due again. It is driven only when there is something to say, since it would
//! answer every acknowledgement with another one.

use std::collections::VecDeque;
use std::time::Duration;

use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
use realmgate_protocol::wire::datagram::{self, Kind};
use renet::{ChannelConfig, ConnectionConfig, RenetClient, SendType};

use super::reliable_check::{self, CHANNEL, ReliablePacket};
use crate::transport::refusal::Refusal;

/// After how long without an acknowledgement a packet is sent again.
const RESEND_AFTER: Duration = Duration::from_millis(200);
/// Acknowledgements that go alone are at least this far apart.
const ACK_EVERY: Duration = Duration::from_millis(30);
/// What a client may have under way to us.
const RECEIVE_BYTES: usize = 32 << 10;
/// What may wait for a client, sent or not. One that reads more slowly is disconnected.
const SEND_BYTES: usize = 256 << 10;
/// The same in messages, since small ones cost more than their bytes.
const SEND_MESSAGES: usize = 4_096;
/// Bytes that may be under way at once without an acknowledgement.
const WINDOW_BYTES: usize = 16 << 10;
/// Packets of messages that may be under way at once.
const WINDOW_PACKETS: usize = 256;
/// Bytes of the messages in one packet: `renet`'s own head has up to 12, ours 2.
const GROUP_BYTES: usize = MAX_PAYLOAD_BYTES - datagram::HEADER_BYTES - 12;
/// Most bytes that `renet` puts before a message: two variable-length integers, of which the length is a short one.
const MESSAGE_HEAD_BYTES: usize = 8 + 2;
/// `renet`'s clock moves at least this much between two packets, so that no two are due at once.
const STEP: Duration = Duration::from_micros(1);
/// The first byte of `renet`'s acknowledgement packets.
const ACK_PACKET: u8 = 4;

/// The client has not read what it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overflow;

#[derive(Debug)]
pub(super) struct ReliableStream {
    renet: RenetClient,
    /// What `renet` takes for the time.
    clock: Duration,
    waiting: VecDeque<Vec<u8>>,
    waiting_bytes: usize,
    /// When each packet of messages under way is due again, soonest first.
    resends: VecDeque<Duration>,
    ack_is_due: bool,
    acked_at: Option<Duration>,
    /// Whether the next message may be there already.
    may_have_message: bool,
    received: u64,
}

impl ReliableStream {
    pub(super) fn new(now: Duration) -> Self {
        let channel = |max_memory_usage_bytes| ChannelConfig {
            channel_id: CHANNEL,
            max_memory_usage_bytes,
            send_type: SendType::ReliableOrdered { resend_time: RESEND_AFTER },
        };
        // One end alone, made like a client's: what it calls the client's channels are the ones it sends on.
        let mut renet = RenetClient::new(ConnectionConfig {
            available_bytes_per_tick: SEND_BYTES as u64,
            client_channels_config: vec![channel(SEND_BYTES)],
            server_channels_config: vec![channel(RECEIVE_BYTES)],
        });
        renet.set_connected();
        Self {
            renet,
            clock: now,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            resends: VecDeque::new(),
            ack_is_due: false,
            acked_at: None,
            may_have_message: false,
            received: 0,
        }
    }

    /// Takes a message for sending.
    pub(super) fn queue(&mut self, message: Vec<u8>) -> Result<(), Overflow> {
        let bytes = self.waiting_bytes + self.unacknowledged_bytes() + message.len();
        if bytes > SEND_BYTES || self.waiting.len() >= SEND_MESSAGES {
            return Err(Overflow);
        }
        self.waiting_bytes += message.len();
        self.waiting.push_back(message);
        Ok(())
    }

    /// Takes a packet that came.
    pub(super) fn receive(&mut self, packet: &[u8]) -> Result<(), Refusal> {
        let kind = reliable_check::check(packet, self.received)?;
        self.renet.process_packet(packet);
        if kind == ReliablePacket::Messages {
            (self.ack_is_due, self.may_have_message) = (true, true);
        }
        // What passes the check can still be more than the channel may hold.
        if self.renet.is_disconnected() { Err(Refusal::ClientBehind) } else { Ok(()) }
    }

    /// Whether it is worth asking for a message.
    pub(super) fn may_have_message(&self) -> bool {
        self.may_have_message
    }

    /// The next message that came, in order.
    pub(super) fn next_message(&mut self) -> Option<Vec<u8>> {
        if !self.may_have_message {
            return None;
        }
        let message = self.renet.receive_message(CHANNEL);
        match &message {
            Some(_) => self.received += 1,
            None => self.may_have_message = false,
        }
        message.map(Into::into)
    }

    /// Whether the client has acknowledged everything.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.waiting.is_empty() && self.unacknowledged_bytes() == 0
    }

    /// Gives out the payloads that are to be sent now.
    pub(super) fn drive(&mut self, now: Duration, mut send: impl FnMut(&[u8])) {
        if self.unacknowledged_bytes() == 0 {
            self.resends.clear();
        }
        // Those that become due while this runs belong to the next time.
        for _ in 0..self.resends.len() {
            let Some(due) = self.resends.pop_front_if(|due| *due <= now) else { break };
            self.step_to(due);
            if self.emit(&mut send) {
                self.resends.push_back(due + RESEND_AFTER);
            }
        }
        while self.may_send() && self.step_between_resends(now) {
            self.hand_over_group();
            self.emit(&mut send);
            self.resends.push_back(self.clock + RESEND_AFTER);
        }
        if self.may_ack(now) && self.step_between_resends(now) {
            self.emit(&mut send);
        }
    }

    fn unacknowledged_bytes(&self) -> usize {
        SEND_BYTES - self.renet.channel_available_memory(CHANNEL)
    }

    fn may_send(&self) -> bool {
        let has_window = self.unacknowledged_bytes() < WINDOW_BYTES && self.resends.len() < WINDOW_PACKETS;
        has_window && !self.waiting.is_empty()
    }

    fn may_ack(&self, now: Duration) -> bool {
        self.ack_is_due && self.acked_at.is_none_or(|at| now.saturating_sub(at) >= ACK_EVERY)
    }

    /// Gives `renet` as many messages as fit into one packet.
    fn hand_over_group(&mut self) {
        let mut left = GROUP_BYTES;
        while let Some(message) = self.waiting.pop_front_if(|next| next.len() + MESSAGE_HEAD_BYTES <= left) {
            left -= message.len() + MESSAGE_HEAD_BYTES;
            self.waiting_bytes -= message.len();
            self.renet.send_message(CHANNEL, message);
        }
    }

    /// Gives out what `renet` has to send at its present time; whether messages were among it.
    fn emit(&mut self, send: &mut impl FnMut(&[u8])) -> bool {
        let mut messages = false;
        for packet in self.renet.get_packets_to_send() {
            if packet.first() == Some(&ACK_PACKET) {
                if !self.may_ack(self.clock) {
                    continue;
                }
                (self.ack_is_due, self.acked_at) = (false, Some(self.clock));
            } else {
                messages = true;
            }
            send(&datagram::seal(Kind::Reliable, &packet));
        }
        messages
    }

    /// Moves the clock to `now`, or a little further when it is there already. Says no where a resending would become
    /// due by that: it goes first, the next time.
    fn step_between_resends(&mut self, now: Duration) -> bool {
        let at = now.max(self.clock + STEP);
        let free = self.resends.front().is_none_or(|due| *due > at);
        if free {
            self.step_to(at);
        }
        free
    }

    fn step_to(&mut self, at: Duration) {
        self.renet.update(at.saturating_sub(self.clock));
        self.clock = self.clock.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drive(stream: &mut ReliableStream, now_ms: u64) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        stream.drive(Duration::from_millis(now_ms), |payload| sent.push(payload.to_vec()));
        sent
    }

    fn deliver(to: &mut ReliableStream, payloads: &[Vec<u8>]) {
        for payload in payloads {
            let (kind, body) = datagram::open(payload).unwrap();
            assert_eq!(kind, Kind::Reliable);
            to.receive(body).unwrap();
        }
    }

    #[test]
    fn two_ends_fall_silent_once_everything_is_acknowledged() {
        let (mut near, mut far) = (ReliableStream::new(Duration::ZERO), ReliableStream::new(Duration::ZERO));
        near.queue(vec![1, 2, 3]).unwrap();
        let mut datagrams = 0;
        for now_ms in 0..2_000 {
            let (out, back) = (drive(&mut near, now_ms), drive(&mut far, now_ms));
            deliver(&mut far, &out);
            deliver(&mut near, &back);
            datagrams += out.len() + back.len();
        }
        assert_eq!(far.next_message(), Some(vec![1, 2, 3]));
        assert!(near.is_acknowledged());
        assert_eq!(datagrams, 2, "one message, one acknowledgement");
    }

    #[test]
    fn acknowledgements_alone_keep_their_distance() {
        let (mut near, mut far) = (ReliableStream::new(Duration::ZERO), ReliableStream::new(Duration::ZERO));
        let mut acks = 0;
        for now_ms in 0..300 {
            near.queue(vec![7]).unwrap();
            let out = drive(&mut near, now_ms);
            deliver(&mut far, &out);
            while far.next_message().is_some() {}
            let back = drive(&mut far, now_ms);
            acks += back.len();
            deliver(&mut near, &back);
        }
        assert!((9..=11).contains(&acks), "300 ms at one per 30 ms, not {acks}");
    }

    #[test]
    fn a_client_that_never_reads_overflows_and_is_not_flooded() {
        let mut stream = ReliableStream::new(Duration::ZERO);
        let mut sent = 0;
        let queued = (0..).take_while(|now_ms| {
            sent += drive(&mut stream, *now_ms / 10).len();
            stream.queue(vec![0; 1_000]).is_ok()
        });
        assert_eq!(queued.count(), SEND_BYTES / 1_000);
        assert_eq!(sent, WINDOW_BYTES.div_ceil(1_000));
    }

    #[test]
    fn a_client_that_sends_more_than_is_taken_is_behind() {
        let mut stream = ReliableStream::new(Duration::ZERO);
        let refused = (0u8..64).find_map(|id| {
            let mut packet = vec![0, id & 0x3f, 0, 0, 1, id & 0x3f, 0x43, 0xe8];
            packet.resize(packet.len() + 1_000, 7);
            stream.receive(&packet).err()
        });
        assert_eq!(refused, Some(Refusal::ClientBehind));
    }

    proptest! {
        /// Whatever is lost, every message arrives, in order, and no payload is longer than a payload may be.
        #[test]
        fn messages_survive_loss_and_stalls(
            lengths in prop::collection::vec(1usize..=1_000, 1..60),
            losses in prop::collection::vec(prop::bool::weighted(0.3), 200),
            steps in prop::collection::vec(1u64..90, 200),
        ) {
            let (mut near, mut far) = (ReliableStream::new(Duration::ZERO), ReliableStream::new(Duration::ZERO));
            let messages: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(i, length)| vec![i as u8; *length]).collect();
            let (mut now_ms, mut arrived) = (0, Vec::new());
            let mut lost = losses.iter().cycle();
            for round in 0..2_000 {
                if let Some(message) = messages.get(round) {
                    near.queue(message.clone()).unwrap();
                }
                now_ms += steps[round % steps.len()];
                let (mut out, mut back) = (drive(&mut near, now_ms), drive(&mut far, now_ms));
                prop_assert!(out.iter().chain(&back).all(|payload| payload.len() <= MAX_PAYLOAD_BYTES));
                out.retain(|_| !lost.next().unwrap());
                back.retain(|_| !lost.next().unwrap());
                deliver(&mut far, &out);
                deliver(&mut near, &back);
                arrived.extend(std::iter::from_fn(|| far.next_message()));
                if round > messages.len() && near.is_acknowledged() {
                    break;
                }
            }
            prop_assert_eq!(arrived, messages);
            prop_assert!(near.is_acknowledged());
        }
    }
}
