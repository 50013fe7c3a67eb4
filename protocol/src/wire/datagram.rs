//! The layout of a netcode payload: version byte, kind byte, body. The only module that knows it.

use serde::{Deserialize, Serialize};

use crate::bits::{BitReader, BitWriter};
use crate::ids::Tick;
use crate::limits::{MAX_COMMANDS_PER_FRAME, MAX_PAYLOAD_BYTES};
use crate::wire::input::InputCommand;

/// Version of the layout, the first byte of every payload.
pub const VERSION: u8 = 1;
/// Bytes before the body.
pub const HEADER_BYTES: usize = 2;

/// What a payload carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Input commands and acknowledgements, from client to server.
    ClientFrame = 1,
    /// A snapshot, from server to client.
    ServerFrame = 2,
    /// A packet of the reliable layer, both ways.
    Reliable = 3,
}

/// Why a payload is not looked at any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// Too short for a header, or longer than a payload may be.
    #[error("a payload of an illegal length")]
    Length,
    /// Another layout.
    #[error("a payload of another version")]
    Version,
    /// No such kind.
    #[error("a payload of an unknown kind")]
    Kind,
}

/// Splits a payload into its kind and its body.
pub fn open(payload: &[u8]) -> Result<(Kind, &[u8]), DatagramError> {
    if payload.len() < HEADER_BYTES || payload.len() > MAX_PAYLOAD_BYTES {
        return Err(DatagramError::Length);
    }
    let kind = match (payload[0], payload[1]) {
        (VERSION, 1) => Kind::ClientFrame,
        (VERSION, 2) => Kind::ServerFrame,
        (VERSION, 3) => Kind::Reliable,
        (VERSION, _) => return Err(DatagramError::Kind),
        _ => return Err(DatagramError::Version),
    };
    Ok((kind, &payload[HEADER_BYTES..]))
}

/// The payload of `body`; the caller keeps `body` within [`MAX_PAYLOAD_BYTES`] less [`HEADER_BYTES`].
pub fn seal(kind: Kind, body: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(HEADER_BYTES + body.len());
    payload.extend_from_slice(&[VERSION, kind as u8]);
    payload.extend_from_slice(body);
    payload
}

/// Which snapshots a client has applied: the newest, and one bit for each of the 32 ticks before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotAck {
    /// The newest applied snapshot; tick 0 for none.
    pub newest: Tick,
    /// Bit `i` stands for tick `newest - 1 - i`.
    pub before: u32,
}

impl SnapshotAck {
    /// Notes that the snapshot of `tick` was applied; ticks only grow, since older snapshots are not applied.
    pub fn note(&mut self, tick: Tick) {
        let apart = tick.since(self.newest);
        if apart == 0 {
            return;
        }
        let before = if self.newest == Tick(0) { 0 } else { u64::from(self.before) << 1 | 1 };
        self.before = if apart > 32 { 0 } else { (before << (apart - 1)) as u32 };
        self.newest = tick;
    }

    /// The acknowledged ticks, newest first.
    pub fn ticks(self) -> impl Iterator<Item = Tick> {
        let before = (0..32u32).filter(move |bit| self.before >> bit & 1 == 1);
        let newest = (self.newest != Tick(0)).then_some(self.newest);
        newest.into_iter().chain(before.filter_map(move |bit| self.newest.0.checked_sub(bit + 1).map(Tick)))
    }
}

/// The body of a [`Kind::ClientFrame`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientFrame {
    /// What the client has applied.
    pub ack: SnapshotAck,
    /// The newest commands, oldest first, numbered without gaps; at most [`MAX_COMMANDS_PER_FRAME`].
    pub commands: Vec<InputCommand>,
}

impl ClientFrame {
    /// The payload.
    ///
    /// Bits: acknowledged tick 32 · the 32 ticks before it 32 · count 3 · number of the first command 32 (when the
    /// count is not 0) · the commands.
    pub fn seal(&self) -> Vec<u8> {
        let mut out = BitWriter::default();
        out.put(u64::from(VERSION), 8);
        out.put(Kind::ClientFrame as u64, 8);
        out.put(u64::from(self.ack.newest.0), 32);
        out.put(u64::from(self.ack.before), 32);
        let commands = &self.commands[self.commands.len().saturating_sub(MAX_COMMANDS_PER_FRAME)..];
        out.put(commands.len() as u64, 3);
        if let Some(first) = commands.first() {
            out.put(u64::from(first.number), 32);
            commands.iter().for_each(|command| command.write(&mut out));
        }
        out.into_bytes()
    }

    /// Reads a body; `None` for anything but exactly one frame.
    pub fn open(body: &[u8]) -> Option<Self> {
        let mut from = BitReader::new(body);
        let ack = SnapshotAck { newest: Tick(from.take(32)? as u32), before: from.take(32)? as u32 };
        let count = from.take(3)? as u32;
        let mut commands = Vec::with_capacity(count as usize);
        if count > 0 {
            let first = from.take(32)? as u32;
            for at in 0..count {
                commands.push(InputCommand::read(first.checked_add(at)?, &mut from)?);
            }
        }
        from.at_end().then_some(Self { ack, commands })
    }
}

/// The head of a [`Kind::ServerFrame`]; the snapshot's entities follow (see [`crate::wire::snapshot`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerFrameHead {
    /// The tick whose end this snapshot shows.
    pub tick: Tick,
    /// The number of the last input command applied, 0 for none: where the client replays its prediction from.
    pub last_command: u32,
    /// Commands that wait in the server's buffer, at most 15: a client that sees 0 runs late, one that sees many early.
    pub buffered_commands: u8,
}

impl ServerFrameHead {
    /// Bits of the head.
    pub const BITS: usize = 32 + 32 + 4;

    /// Starts a body.
    pub fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.tick.0), 32);
        out.put(u64::from(self.last_command), 32);
        out.put(u64::from(self.buffered_commands.min(15)), 4);
    }

    /// Reads the head off a body.
    pub fn read(from: &mut BitReader<'_>) -> Option<Self> {
        Some(Self {
            tick: Tick(from.take(32)? as u32),
            last_command: from.take(32)? as u32,
            buffered_commands: from.take(4)? as u8,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EntityId;
    use crate::movement::{Angle, Position};
    use crate::wire::input::{Action, Aim};
    use proptest::prelude::*;

    #[test]
    fn acks_name_the_applied_ticks() {
        let mut ack = SnapshotAck::default();
        for tick in [10, 11, 14, 15, 50] {
            ack.note(Tick(tick));
        }
        assert_eq!(ack.ticks().collect::<Vec<_>>(), vec![Tick(50)]);
        ack.note(Tick(52));
        assert_eq!(ack.ticks().collect::<Vec<_>>(), vec![Tick(52), Tick(50)]);
    }

    #[test]
    fn a_client_frame_comes_back() {
        let command = |number| InputCommand {
            number,
            heading: Some(Angle(number as u8)),
            action: Some(Action { slot: 3, aim: Aim::Point(Position { x: 5, y: 6 }) }),
        };
        let mut frame =
            ClientFrame { ack: SnapshotAck { newest: Tick(9), before: 5 }, commands: (1..=4).map(command).collect() };
        frame.commands[2].action = Some(Action { slot: 0, aim: Aim::Entity(EntityId(70_000)) });
        frame.commands[3] = InputCommand { number: 4, heading: None, action: None };
        let payload = frame.seal();
        let (kind, body) = open(&payload).unwrap();
        assert_eq!(kind, Kind::ClientFrame);
        assert_eq!(ClientFrame::open(body), Some(frame));
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = open(&bytes).map(|(_, body)| ClientFrame::open(body));
            let _ = ClientFrame::open(&bytes);
        }
    }
}
