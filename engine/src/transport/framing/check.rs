//! What must hold for whatever packets a renet client sends: one check for property tests and fuzzers.

use std::time::Duration;

use ::renet::{ConnectionConfig, RenetClient};
use realmgate_protocol::wire::stream::Bounds;

use super::guard::{FRAMES, MESSAGES};
use super::received::WINDOW_MESSAGES;
use super::renet::Renet;
use crate::netcode::MAX_PAYLOAD_BYTES;

const TICK: Duration = Duration::from_millis(50);
/// Most packets of a tick: a snapshot, a window of messages, what is sent again, and an acknowledgement.
const MAX_PACKETS: usize = 40;

/// Feeds a connection with packets, each after two bytes: its length, little endian, whose two high bits have the host take a
/// message, and end the tick.
///
/// # Panics
/// When a packet ends the connection, when too much is kept, or when what is sent cannot be read.
pub fn check(mut bytes: &[u8]) {
    let mut scene = Scene::new();
    while let Some(([low, high], rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes([*low, high & 0x3f])).min(rest.len());
        let (packet, rest) = rest.split_at(length);
        bytes = rest;
        scene.receive(packet);
        if high & 0x40 != 0 {
            scene.server.next_message();
        }
        if high & 0x80 != 0 {
            scene.end_tick();
        }
    }
    scene.end_tick();
}

struct Scene {
    server: Renet,
    /// A client that reads what the server sends, and has nothing to do with what the server receives.
    reader: RenetClient,
    now: Duration,
}

impl Scene {
    fn new() -> Self {
        let waiting = (1..=3).map(|length| vec![7; length]).collect();
        let mut scene = Self {
            server: Renet::new(Bounds::default(), waiting, Duration::ZERO),
            reader: RenetClient::new(ConnectionConfig::default()),
            now: Duration::ZERO,
        };
        scene.reader.set_connected();
        scene.end_tick();
        scene
    }

    fn receive(&mut self, packet: &[u8]) {
        let before = self.server.held();
        let taken = self.server.receive(packet, self.now, |_| {});
        assert!(self.server.is_sound(), "a packet ended the connection");
        let held = self.server.held();
        assert!(held as u64 <= WINDOW_MESSAGES, "{held} messages are held");
        assert!(taken.is_ok() || held == before, "a refused packet changed something");
    }

    fn end_tick(&mut self) {
        self.now += TICK;
        let mut packets = 0;
        self.server.compose(Some(&[9; 30]), self.now, &mut Vec::new(), |packet| {
            assert!(packet.len() <= MAX_PAYLOAD_BYTES, "a packet of {} bytes", packet.len());
            packets += 1;
            self.reader.process_packet(packet);
        });
        assert!(self.server.is_sound() && !self.reader.is_disconnected(), "what was sent cannot be read");
        assert!((1..=MAX_PACKETS).contains(&packets), "{packets} packets of a tick");
        while self.reader.receive_message(FRAMES).is_some() {}
        while self.reader.receive_message(MESSAGES).is_some() {}
    }
}
