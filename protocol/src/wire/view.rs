//! What a client knows of a world: applies snapshots in any order, and says which to acknowledge.

use std::collections::BTreeMap;

use super::datagram::{ClientFrame, ServerFrameHead, SnapshotAck};
use super::snapshot::{self, OwnState, SnapshotVisitor};
use super::{InputCommand, InputCommands};
use crate::bits::BitReader;
use crate::ids::{EntityId, Tick};
use crate::movement::{Course, Position};

/// Reads a component's value by its id; `None` for an unknown id or illegal bits. [`components!`](crate::components)
/// declares such a function: `ComponentValue::read`.
pub type ReadComponent<C> = fn(u8, &mut BitReader<'_>) -> Option<C>;

/// The world as a client sees it, without prediction and interpolation: `C` is the game's enumeration of component values.
///
/// ```
/// use realmgate_protocol::ids::{EntityId, Tick};
/// use realmgate_protocol::bits::BitWriter;
/// use realmgate_protocol::wire::datagram::ServerFrameHead;
/// use realmgate_protocol::wire::snapshot::{OwnState, SnapshotWriter};
/// use realmgate_protocol::wire::view::View;
///
/// realmgate_protocol::components! {
///     /// Its score.
///     0 => pub struct Score {
///         /// Points.
///         pub points: u16,
///     }
/// }
///
/// # let mut out = BitWriter::default();
/// # ServerFrameHead { tick: Tick(1_000), ..ServerFrameHead::default() }.write(&mut out);
/// # let mut writer = SnapshotWriter::own(&mut out, OwnState::default());
/// # writer.despawns([].into_iter());
/// # writer.finish();
/// # let body = out.into_bytes();
/// // The game's first message says at which tick the client begins.
/// let mut view = View::new(Tick(998), ComponentValue::read);
/// assert!(view.apply(&body).is_some());
/// assert_eq!(view.tick(), Tick(1_000));
/// for (id, seen) in view.entities() {
///     println!("{id:?} is at {:?}: {:?}", view.place(seen), seen.components);
/// }
/// ```
#[derive(Debug)]
pub struct View<C> {
    read: ReadComponent<C>,
    head: ServerFrameHead,
    ack: SnapshotAck,
    own: OwnState,
    entities: BTreeMap<EntityId, Seen<C>>,
    commands: InputCommands,
    last_command: u32,
}

/// An entity that a client sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<C> {
    /// Where it was at this tick, and how it moves since. `None` for the client's own entity, whose place is exact.
    pub course: Option<(Tick, Course)>,
    /// Its components by their ids.
    pub components: BTreeMap<u8, C>,
}

impl<C> View<C> {
    /// An empty view of a server that is near this tick: snapshots carry only its low 16 bits.
    pub fn new(near: Tick, read: ReadComponent<C>) -> Self {
        Self {
            read,
            head: ServerFrameHead { tick: near, ..ServerFrameHead::default() },
            ack: SnapshotAck::default(),
            own: OwnState::default(),
            entities: BTreeMap::new(),
            commands: InputCommands::default(),
            last_command: 0,
        }
    }

    /// Applies the body of a [snapshot section](super::datagram::Section::Snapshot). One that is not newer than the last
    /// changes nothing. `None` if it is illegal: then the connection is of no use.
    pub fn apply(&mut self, body: &[u8]) -> Option<()> {
        let mut from = BitReader::new(body);
        let head = ServerFrameHead::read(&mut from, &self.head)?;
        let is_newer = head.tick > self.ack.newest;
        if is_newer {
            self.head = head;
            snapshot::read(&mut from, self)?;
            self.ack.note(head.tick);
        }
        Some(())
    }

    /// Numbers a command of the next tick, and returns the frame that sends it with those that the server has not applied, and
    /// acknowledges the applied snapshots.
    pub fn command(&mut self, command: InputCommand) -> ClientFrame {
        self.last_command += 1;
        self.commands.push(InputCommand { number: self.last_command, ..command });
        let unapplied = self.commands.iter().filter(|command| command.number > self.head.last_command);
        ClientFrame { ack: self.ack, commands: unapplied.copied().collect() }
    }

    /// The tick of the newest snapshot.
    pub fn tick(&self) -> Tick {
        self.head.tick
    }

    /// The state of the client's own entity.
    pub fn own(&self) -> OwnState {
        self.own
    }

    /// Every entity in view, the own one included, by ascending id.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, &Seen<C>)> {
        self.entities.iter().map(|(id, seen)| (*id, seen))
    }

    /// Where an entity is at [`Self::tick`].
    pub fn place(&self, seen: &Seen<C>) -> Position {
        seen.course.map_or(self.own.position, |(since, course)| course.after(self.head.tick.since(since)))
    }

    fn seen(&mut self, entity: EntityId) -> &mut Seen<C> {
        self.entities.entry(entity).or_insert_with(|| Seen { course: None, components: BTreeMap::new() })
    }
}

impl<C> SnapshotVisitor for View<C> {
    fn own(&mut self, state: OwnState) {
        self.own = state;
    }

    fn despawn(&mut self, entity: EntityId) {
        self.entities.remove(&entity);
    }

    fn entity(&mut self, entity: EntityId, is_new: bool) {
        if is_new {
            self.entities.remove(&entity);
        }
        self.seen(entity);
    }

    fn course(&mut self, entity: EntityId, course: Course) {
        self.seen(entity).course = Some((self.head.tick, course));
    }

    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        let value = (self.read)(id, from)?;
        self.seen(entity).components.insert(id, value);
        Some(())
    }

    fn remove(&mut self, entity: EntityId, id: u8) {
        self.seen(entity).components.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::{BitField, BitWriter};
    use crate::movement::Angle;
    use crate::wire::snapshot::{EntityUpdate, SnapshotWriter, write_update};

    const NEAR: Tick = Tick(0x0002_fff0);

    fn read(id: u8, from: &mut BitReader<'_>) -> Option<u16> {
        (id < 2).then(|| BitField::read(from))?
    }

    /// A snapshot of this tick with one entity, which has this value as component 1, or no longer has it.
    fn snapshot(tick: Tick, update: EntityUpdate, value: u16) -> Vec<u8> {
        let (mut out, mut bits) = (BitWriter::default(), BitWriter::default());
        ServerFrameHead { tick, ..ServerFrameHead::default() }.write(&mut out);
        let mut writer = SnapshotWriter::own(&mut out, OwnState::default());
        writer.despawns([].into_iter());
        let course = Course::going(Position::tile_centre(2, 2), Angle(0), 100, 0);
        write_update(&mut bits, update, &course, |_, out| value.write(out));
        assert!(writer.entity(EntityId(7), bits.bytes(), bits.len_bits(), 1_000));
        writer.finish();
        out.into_bytes()
    }

    fn new_entity() -> EntityUpdate {
        EntityUpdate { is_new: true, has_course: true, changed: 2, there: 2 }
    }

    #[test]
    fn entities_move_along_their_course_and_ticks_are_completed_over_16_bits() {
        let mut view = View::new(NEAR, read);
        let later = NEAR.after(0x20);
        view.apply(&snapshot(later, new_entity(), 5)).unwrap();
        let start = view.place(view.entities().next().unwrap().1);
        let unchanged = EntityUpdate { is_new: false, has_course: false, changed: 2, there: 2 };
        view.apply(&snapshot(later.after(3), unchanged, 6)).unwrap();
        let (id, seen) = view.entities().next().unwrap();
        assert_eq!((view.tick(), id, seen.components[&1]), (later.after(3), EntityId(7), 6));
        assert_eq!(view.place(seen), start.offset(300, 0));
    }

    #[test]
    fn an_older_snapshot_changes_nothing_and_a_removed_component_is_gone() {
        let mut view = View::new(NEAR, read);
        view.apply(&snapshot(NEAR.after(2), new_entity(), 5)).unwrap();
        view.apply(&snapshot(NEAR.after(1), new_entity(), 4)).unwrap();
        assert_eq!(view.entities().next().unwrap().1.components[&1], 5);
        let removed = EntityUpdate { is_new: false, has_course: false, changed: 2, there: 0 };
        view.apply(&snapshot(NEAR.after(3), removed, 0)).unwrap();
        assert!(view.entities().next().unwrap().1.components.is_empty());
    }

    #[test]
    fn commands_are_numbered_and_sent_until_the_server_has_applied_them() {
        let mut view = View::new(NEAR, read);
        view.command(InputCommand::default());
        let frame = view.command(InputCommand { heading: Some(Angle(9)), ..InputCommand::default() });
        let numbers: Vec<u32> = frame.commands.iter().map(|command| command.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(frame.ack, SnapshotAck::default());
        view.apply(&snapshot(NEAR.after(1), new_entity(), 5)).unwrap();
        assert_eq!(view.command(InputCommand::default()).ack.newest, NEAR.after(1));
    }

    #[test]
    fn illegal_snapshots_are_refused() {
        let body = snapshot(NEAR.after(1), new_entity(), 5);
        assert!((0..body.len()).all(|length| View::new(NEAR, read).apply(&body[..length]).is_none()));
    }
}
