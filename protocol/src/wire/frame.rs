//! What the two ends send each tick: the client's input frame, and the head of the server's snapshot.

use serde::{Deserialize, Serialize};

use crate::bits::{BitReader, BitWriter};
use crate::ids::Tick;
use crate::wire::datagram::{self, Section};
use crate::wire::input::{InputCommand, InputCommands};

/// Acknowledges the snapshots that a client has applied: the newest, and one bit for each of the 32 ticks before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotAck {
    /// The tick of the newest applied snapshot; 0 for none.
    pub newest: Tick,
    /// Bit `i` stands for tick `newest - 1 - i`.
    pub before: u32,
}

impl SnapshotAck {
    /// Notes that the snapshot of `tick` was applied. Ticks only grow, since older snapshots are not applied.
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

/// The body of a [`Section::Input`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientFrame {
    /// The snapshots that the client has applied.
    pub ack: SnapshotAck,
    /// The newest commands, oldest first, numbered without gaps.
    pub commands: InputCommands,
}

impl ClientFrame {
    /// Appends the body.
    ///
    /// Bits: acknowledged tick 32 · the 32 ticks before it 32 · count 3 · number of the first command 32 (when the
    /// count is not 0) · the commands.
    pub fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.ack.newest.0), 32);
        out.put(u64::from(self.ack.before), 32);
        out.put(self.commands.len() as u64, 3);
        if let Some(first) = self.commands.first() {
            out.put(u64::from(first.number), 32);
            self.commands.iter().for_each(|command| command.write(out));
        }
    }

    /// A payload that holds only this frame.
    pub fn seal(&self) -> Vec<u8> {
        let mut body = BitWriter::default();
        self.write(&mut body);
        datagram::seal(Section::Input(body.bytes()))
    }

    /// Reads a body; `None` unless it is exactly one frame.
    pub fn open(body: &[u8]) -> Option<Self> {
        let mut from = BitReader::new(body);
        let ack = SnapshotAck { newest: Tick(from.take(32)? as u32), before: from.take(32)? as u32 };
        let count = from.take(3)? as u32;
        let mut commands = InputCommands::default();
        if count > 0 {
            let first = from.take(32)? as u32;
            for at in 0..count {
                commands.push(InputCommand::read(first.checked_add(at)?, &mut from)?);
            }
        }
        from.at_end().then_some(Self { ack, commands })
    }
}

/// The head of a [`Section::Snapshot`]. The snapshot's entities follow (see [`crate::wire::snapshot`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerFrameHead {
    /// The tick that this snapshot shows, at its end.
    pub tick: Tick,
    /// The sequence number of the last applied input command, 0 for none. Reconciliation replays the commands after it.
    pub last_command: u32,
    /// Number of commands that wait in the server's buffer, at most 15. A client that sees 0 runs late, one that sees
    /// many runs early.
    pub buffered_commands: u8,
}

impl ServerFrameHead {
    /// A client that has applied a snapshot within this many ticks gets only the low 16 bits of the tick and the
    /// command. Other clients get all 32 bits.
    pub const SHORT_FOR_TICKS: u32 = 1 << 14;

    /// Starts a body. Bits: is whole 1 · tick 16 or 32 · last command 16 or 32 · buffered commands 4.
    pub fn write(&self, out: &mut BitWriter, whole: bool) {
        let bits = if whole { 32 } else { 16 };
        out.put(u64::from(whole), 1);
        out.put(u64::from(self.tick.0), bits);
        out.put(u64::from(self.last_command), bits);
        out.put(u64::from(self.buffered_commands.min(15)), 4);
    }

    /// Reads the head of a body. Low bits are completed to the value nearest to `newest`, the head of the newest
    /// applied snapshot. `None` if the head is cut short, or has only low bits before the client has applied any
    /// snapshot.
    pub fn read(from: &mut BitReader<'_>, newest: &Self) -> Option<Self> {
        let whole = from.take(1)? == 1;
        if !whole && newest.tick == Tick(0) {
            return None;
        }
        let mut number = |near: u32| {
            let read = from.take(if whole { 32 } else { 16 })? as u32;
            let apart = (read as u16).wrapping_sub(near as u16) as i16;
            Some(if whole { read } else { near.wrapping_add_signed(i32::from(apart)) })
        };
        let (tick, last_command) = (Tick(number(newest.tick.0)?), number(newest.last_command)?);
        Some(Self { tick, last_command, buffered_commands: from.take(4)? as u8 })
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
        let mut commands = [1, 2, 3, 4].map(command);
        commands[2].action = Some(Action { slot: 0, aim: Aim::Entity(EntityId(70_000)) });
        commands[3] = InputCommand { number: 4, heading: None, action: None };
        let ack = SnapshotAck { newest: Tick(9), before: 5 };
        let frame = ClientFrame { ack, commands: commands.into_iter().collect() };
        let payload = frame.seal();
        let Section::Input(body) = datagram::open(&payload).unwrap().section else { panic!("it is an input") };
        assert_eq!(ClientFrame::open(body), Some(frame));
    }

    #[test]
    fn low_bits_of_a_head_stand_for_the_nearest() {
        let newest = ServerFrameHead { tick: Tick(70_000), last_command: 3, buffered_commands: 0 };
        for (tick, last_command) in [(70_001, 4), (69_999, 3), (70_000 + 16_384, 3 + 16_384), (65_530, 0)] {
            let head = ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 2 };
            for whole in [false, true] {
                let mut out = BitWriter::default();
                head.write(&mut out, whole);
                let mut from = BitReader::new(out.bytes());
                assert_eq!(ServerFrameHead::read(&mut from, &newest), Some(head));
                let first = ServerFrameHead::read(&mut BitReader::new(out.bytes()), &ServerFrameHead::default());
                assert_eq!(first, whole.then_some(head), "who has seen nothing cannot tell from low bits");
            }
        }
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ClientFrame::open(&bytes);
        }
    }
}
