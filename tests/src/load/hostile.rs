//! Packets in renet's framing that cost a server as much as a packet can, from a session that is never cut off for them.

use realmgate_protocol::wire::datagram::ClientFrame;

/// Types of renet's packets.
const RELIABLE: u8 = 0;
const UNRELIABLE: u8 = 1;
const ACKNOWLEDGEMENT: u8 = 4;
/// Channels.
const FRAMES: u8 = 0;
const MESSAGES: u8 = 1;
/// Messages of a packet that is full of the shortest.
const SHORT_MESSAGES: u16 = 300;
/// Ranges of acknowledgements of a packet: the most that are taken.
const RANGES: u64 = 128;
/// Ticks between two packets that are a breach: few enough for a server to bear.
const BREACH_EVERY: u64 = 20;
/// Beyond what the session has sent while it was honest.
const FIRST_SEQUENCE: u64 = 1 << 20;

/// One session.
#[derive(Debug, Default)]
pub struct Hostile {
    ticks: u64,
    packets: u64,
}

impl Hostile {
    /// Hands out the packets of a tick: its frame, and two that no honest client sends.
    pub fn finish_tick(&mut self, frame: Option<&ClientFrame>, mut send: impl FnMut(&[u8])) {
        self.ticks += 1;
        if let Some(frame) = frame {
            let payload = frame.seal();
            let mut packet = self.packet(UNRELIABLE);
            packet.extend([FRAMES, 0, 1]);
            packet.extend(varint(payload.len() as u64));
            packet.extend(payload);
            send(&packet);
        }
        send(&self.acknowledgements());
        let messages = match self.ticks % 3 {
            0 => self.short_messages(2),
            1 => self.long_message(),
            // All of them are further ahead than a message may be.
            _ => self.short_messages(10_000),
        };
        send(&messages);
        if self.ticks.is_multiple_of(BREACH_EVERY) {
            // A slice beyond the last one of its message.
            send(&[&[2][..], &varint(FIRST_SEQUENCE), &[MESSAGES, 0, 9, 1, 1, 7]].concat());
        }
    }

    /// The beginning of a packet. Every other number is left out, so that the server has as many ranges to acknowledge as it bears.
    fn packet(&mut self, kind: u8) -> Vec<u8> {
        self.packets += 1;
        [vec![kind], varint(FIRST_SEQUENCE + 2 * self.packets)].concat()
    }

    /// Every other one of the server's packets, of which there is one a tick at least, each a range.
    fn acknowledgements(&mut self) -> Vec<u8> {
        let ranges = (self.ticks / 2).clamp(1, RANGES);
        let last = 2 * (self.ticks / 2);
        let mut packet = self.packet(ACKNOWLEDGEMENT);
        [last, 0, ranges - 1].map(varint).iter().for_each(|number| packet.extend(number));
        (1..ranges).for_each(|_| packet.extend([0, 0]));
        packet
    }

    /// As many messages as fit a packet. The one before is missing, so they are held.
    fn short_messages(&mut self, first: u16) -> Vec<u8> {
        let mut packet = self.packet(RELIABLE);
        packet.push(MESSAGES);
        packet.extend(SHORT_MESSAGES.to_be_bytes());
        for id in first..first + SHORT_MESSAGES {
            packet.extend((0x4000 | id).to_be_bytes());
            packet.extend([1, 7]);
        }
        packet
    }

    /// Another of the longest messages, which is held as long as there is room.
    fn long_message(&mut self) -> Vec<u8> {
        let id = (SHORT_MESSAGES as u64 + 2) + self.ticks % 64;
        let mut packet = self.packet(RELIABLE);
        packet.extend([MESSAGES, 0, 1]);
        packet.extend(varint(id));
        packet.extend(varint(1_000));
        packet.extend([7; 1_000]);
        packet
    }
}

/// An integer as renet writes it (RFC 9000, section 16), in 1, 2 or 4 bytes.
fn varint(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => vec![value as u8],
        0x40..0x4000 => (0x4000 | value as u16).to_be_bytes().to_vec(),
        _ => (0x8000_0000 | value as u32).to_be_bytes().to_vec(),
    }
}
