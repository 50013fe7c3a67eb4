//! What the two ends send each tick: the client's input frame, and the head of the server's snapshot.

use serde::{Deserialize, Serialize};

use crate::bits::{BitField, BitReader, BitWriter};
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
    /// Bits: acknowledged tick `uint` · the 32 ticks before it 32 · count 3 · number of the first command `uint` (when the
    /// count is not 0) · the commands.
    pub fn write(&self, out: &mut BitWriter) {
        self.ack.newest.write(out);
        out.put(u64::from(self.ack.before), 32);
        out.put(self.commands.len() as u64, 3);
        if let Some(first) = self.commands.first() {
            out.put_uint(first.number);
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
        let ack = SnapshotAck { newest: Tick::read(&mut from)?, before: from.take(32)? as u32 };
        let count = from.take(3)? as u32;
        let mut commands = InputCommands::default();
        if count > 0 {
            let first = from.take_uint()?;
            for at in 0..count {
                commands.push(InputCommand::read(first.checked_add(at)?, ack.newest, &mut from)?);
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
    /// Low bits of the tick and of the command that are sent. A client completes them to the value that is nearest to that
    /// of the newest snapshot it has applied, or of `Welcome` before the first.
    pub const LOW_BITS: u32 = 16;
    /// A client that has applied no snapshot for this many ticks can no longer complete the low bits for certain.
    pub const MAX_UNACKNOWLEDGED_TICKS: u32 = 1 << 14;

    /// Starts a body. Bits: tick 16 · last command 16 · buffered commands 4.
    pub fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.tick.0), Self::LOW_BITS);
        out.put(u64::from(self.last_command), Self::LOW_BITS);
        out.put(u64::from(self.buffered_commands.min(15)), 4);
    }

    /// Reads the head of a body. `newest` is the head of the newest applied snapshot. `None` if the head is cut short.
    pub fn read(from: &mut BitReader<'_>, newest: &Self) -> Option<Self> {
        let mut number = |near: u32| {
            let low = from.take(Self::LOW_BITS)? as u16;
            Some(near.wrapping_add_signed(i32::from(low.wrapping_sub(near as u16) as i16)))
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
    use crate::wire::input::{Action, Aim, Seen};
    use proptest::prelude::*;

    #[test]
    fn acks_name_the_applied_ticks() {
        let named = |applied: &[u32]| -> Vec<u32> {
            let mut ack = SnapshotAck::default();
            applied.iter().for_each(|tick| ack.note(Tick(*tick)));
            ack.ticks().map(|tick| tick.0).collect()
        };
        assert!(named(&[]).is_empty());
        assert_eq!(named(&[1]), [1]);
        assert_eq!(named(&[10, 11, 14, 15]), [15, 14, 11, 10]);
        assert_eq!(named(&[10, 9, 10]), [10], "ticks only grow");
        assert_eq!((named(&[10, 42]), named(&[10, 43])), (vec![42, 10], vec![43]), "32 ticks back");
        assert_eq!(named(&[10, 11, 42, 43]), [43, 42, 11]);
        assert_eq!((named(&[10, 11, 14, 15, 50]), named(&[15, 50, 52])), (vec![50], vec![52, 50]));
    }

    /// When a player saw others, as far from the newest snapshot as can be told.
    fn seen() -> impl Strategy<Value = (i32, u8)> {
        (-32..32i32, 0..8u8)
    }

    /// A command; the tick that it says its player saw is relative to the newest snapshot of the frame.
    fn command() -> impl Strategy<Value = (InputCommand, Option<(i32, u8)>)> {
        let aim = prop_oneof![
            Just(Aim::None),
            any::<u32>().prop_map(|id| Aim::Entity(EntityId(id))),
            (0..1 << 22, 0..1 << 22).prop_map(|(x, y)| Aim::Point(Position { x, y })),
            any::<u8>().prop_map(|angle| Aim::Direction(Angle(angle))),
        ];
        let action = (0..8u8, aim).prop_map(|(slot, aim)| Action::new(slot, aim));
        let walk = prop::option::of(any::<u8>()).prop_map(|heading| heading.map(Angle));
        (walk, prop::option::of(action), prop::option::of(seen()))
            .prop_map(|(heading, action, seen)| (InputCommand { number: 0, heading, action }, seen))
    }

    #[test]
    fn what_a_player_saw_is_told_by_low_bits_near_what_the_frame_acknowledges() {
        let act = |tick, part| {
            let action = Action { seen: Some(Seen { tick: Tick(tick), part }), ..Action::new(1, Aim::None) };
            InputCommand { number: 1, heading: None, action: Some(action) }
        };
        let read = |acknowledged, command: InputCommand| {
            let mut out = BitWriter::default();
            command.write(&mut out);
            assert_eq!(out.len_bits(), 1 + 1 + 3 + 2 + 1 + 6 + 3);
            let ack = SnapshotAck { newest: Tick(acknowledged), before: 0 };
            let mut body = BitWriter::default();
            ClientFrame { ack, commands: [command].into_iter().collect() }.write(&mut body);
            ClientFrame::open(body.bytes()).map(|frame| frame.commands[0])
        };
        for (tick, acknowledged) in [(968, 1_000), (1_000, 1_000), (1_031, 1_000), (0, 31), (u32::MAX, u32::MAX - 31)] {
            for part in [0, 1, 7] {
                let command = act(tick, part);
                assert_eq!(read(acknowledged, command), Some(command), "{tick} near {acknowledged}");
            }
        }
        assert_eq!(read(1_000, act(967, 0)), Some(act(1_031, 0)), "farther off it is another tick");
        assert_eq!(read(3, act(60, 0)), None, "there is no tick before 0");
        assert_eq!(read(u32::MAX, act(3, 0)), None, "nor one beyond the last");
    }

    #[test]
    fn low_bits_of_a_head_stand_for_the_nearest() {
        let newest = ServerFrameHead { tick: Tick(70_000), last_command: 3, buffered_commands: 0 };
        let farthest = 32_767;
        for (tick, last_command) in [(70_001, 4), (69_999, 3), (70_000 + farthest, 3 + farthest), (70_000 - 32_768, 0)]
        {
            let head = ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 2 };
            let mut out = BitWriter::default();
            head.write(&mut out);
            assert_eq!(out.len_bits(), 36);
            assert_eq!(ServerFrameHead::read(&mut BitReader::new(out.bytes()), &newest), Some(head));
        }
        let too_far = ServerFrameHead { tick: Tick(70_000 + 32_768), last_command: 3 + 32_768, buffered_commands: 2 };
        let mut out = BitWriter::default();
        too_far.write(&mut out);
        let read = ServerFrameHead::read(&mut BitReader::new(out.bytes()), &newest).unwrap();
        assert_eq!((read.tick, read.last_command), (Tick(70_000 - 32_768), 3u32.wrapping_sub(32_768)));
        assert_eq!(ServerFrameHead::read(&mut BitReader::new(&[0; 4]), &newest), None, "32 bits are not 36");
    }

    proptest! {
        #[test]
        fn a_client_frame_comes_back(
            newest: u32, before: u32, first in 1..=u32::MAX - 6, commands in prop::collection::vec(command(), 0..=7),
        ) {
            let commands = (first..).zip(commands).map(|(number, (command, seen))| {
                let near = |(apart, part)| Some(Seen { tick: Tick(newest.checked_add_signed(apart)?), part });
                let action = command.action.map(|action| Action { seen: seen.and_then(near), ..action });
                InputCommand { number, action, ..command }
            });
            let commands = commands.collect();
            let frame = ClientFrame { ack: SnapshotAck { newest: Tick(newest), before }, commands };
            let payload = frame.seal();
            let Section::Input(body) = datagram::open(&payload).unwrap().section else { panic!("it is an input") };
            prop_assert_eq!(ClientFrame::open(body), Some(frame));
            prop_assert_eq!(ClientFrame::open(&[body, &[0]].concat()), None, "nothing follows it");
            prop_assert_eq!(ClientFrame::open(&body[..body.len() - 1]), None, "nothing of it is missing");
        }

        #[test]
        fn garbage_is_never_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200), newest: u32,
            first in prop_oneof![any::<u32>(), u32::MAX - 7..=u32::MAX], count in 0..8u64,
        ) {
            let head = ServerFrameHead { tick: Tick(newest), last_command: first, buffered_commands: 0 };
            let _ = ServerFrameHead::read(&mut BitReader::new(&bytes), &head);
            // A frame with such commands as the bytes happen to be.
            let mut body = BitWriter::default();
            body.put_uint(newest);
            body.put(u64::from(!newest), 32);
            body.put(count, 3);
            body.put_uint(first);
            body.put_bits(&bytes, 8 * bytes.len());
            for body in [body.bytes(), &bytes] {
                let _ = ClientFrame::open(body).map(|frame| frame.ack.ticks().count());
            }
            let early = SnapshotAck { newest: Tick(newest % 40), before: first };
            prop_assert!(early.ticks().count() <= 33);
        }
    }
}
