//! The body of a snapshot, after the [`ServerFrameHead`](super::datagram::ServerFrameHead).
//!
//! The layout, in bits:
//!
//! * the own entity: x 22 · y 22 · facing 8;
//! * has despawns 1 (if so, count 8 and that many ids);
//! * number of entities 8, and for each: its id · is new 1 · has a course 1 (if so, the course) · has components 1 (if
//!   so, the components).
//!
//! The ids of each list ascend. Each is the difference to the previous id (0 at first), as a `uint`.
//!
//! Components: their mask as a `uint`, then for each of its bits, lowest first: is there 1 (not of a new entity, whose
//! components are all there) · its value if so.
//!
//! Values are absolute, so a client may apply any newer snapshot, whatever was lost before it. A
//! [`Course`] is for dead reckoning from the snapshot's tick; the own entity has none, since where it is is exact.

use crate::bits::{BitField, BitReader, BitWriter};
use crate::ids::EntityId;
use crate::movement::{Angle, Course, Position};

/// Maximum number of despawns, and of entities, in one snapshot.
pub const MAX_COUNT: usize = 255;
/// Maximum number of component kinds.
pub const MAX_COMPONENTS: u32 = 16;

const COUNT_BITS: u32 = 8;

/// The parts of an entity that a snapshot contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntityUpdate {
    /// Whether the entity is new to this client. Then all that it has is sent.
    pub is_new: bool,
    /// Whether its course is sent.
    pub has_course: bool,
    /// A bit for each component that is sent.
    pub changed: u16,
    /// A bit for each component that the entity has. One that has changed and is not there was removed.
    pub there: u16,
}

/// The state of the client's own entity, which is in every snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnState {
    /// Its exact position, from which prediction starts.
    pub position: Position,
    /// The direction it looks in.
    pub facing: Angle,
}

impl OwnState {
    /// Reads the state at the start of a snapshot; `None` if it is cut short.
    pub fn read(from: &mut BitReader<'_>) -> Option<Self> {
        Some(Self { position: Position::read(from)?, facing: Angle::read(from)? })
    }
}

/// Ids in ascending order, each as the difference to the previous one.
#[derive(Debug, Default)]
struct Ids {
    last: u32,
}

impl Ids {
    fn write(&mut self, out: &mut BitWriter, id: EntityId) {
        out.put_uint(id.0.wrapping_sub(self.last));
        self.last = id.0;
    }

    fn read(&mut self, from: &mut BitReader<'_>) -> Option<EntityId> {
        let apart = from.take_uint()?;
        self.last = self.last.checked_add(apart).filter(|_| apart > 0)?;
        Some(EntityId(self.last))
    }
}

/// Writes a snapshot after its head. The methods must be called in order.
#[derive(Debug)]
pub struct SnapshotWriter<'a> {
    out: &'a mut BitWriter,
    ids: Ids,
    count: usize,
    count_at: usize,
}

impl<'a> SnapshotWriter<'a> {
    /// Writes the state of the own entity.
    pub fn own(out: &'a mut BitWriter, own: OwnState) -> Self {
        own.position.write(out);
        own.facing.write(out);
        Self { out, ids: Ids::default(), count: 0, count_at: 0 }
    }

    /// Writes the despawns, at most [`MAX_COUNT`]. Their ids must ascend.
    pub fn despawns(&mut self, ids: impl ExactSizeIterator<Item = EntityId>) {
        let count = ids.len();
        self.out.put(u64::from(count > 0), 1);
        if count > 0 {
            self.out.put(count as u64, COUNT_BITS);
            ids.for_each(|id| self.ids.write(self.out, id));
        }
        self.ids = Ids::default();
        self.count_at = self.out.len_bits();
        self.out.put(0, COUNT_BITS);
    }

    /// Writes an entity whose update [`write_update`] wrote to the first `bits` bits of `update`; ids must ascend. Returns
    /// `false` and writes nothing if the snapshot would exceed `max_bytes` or [`MAX_COUNT`].
    pub fn entity(&mut self, entity: EntityId, update: &[u8], bits: usize, max_bytes: usize) -> bool {
        let (before, last) = (self.out.len_bits(), self.ids.last);
        self.ids.write(self.out, entity);
        let fits = self.out.len_bits() + bits <= 8 * max_bytes && self.count < MAX_COUNT;
        if fits {
            self.out.put_bits(update, bits);
            self.count += 1;
        } else {
            self.out.truncate(before);
            self.ids.last = last;
        }
        fits
    }

    /// Bits written so far, including the head's.
    pub fn len_bits(&self) -> usize {
        self.out.len_bits()
    }

    /// Ends the snapshot.
    pub fn finish(self) {
        self.out.patch(self.count_at, self.count as u64, COUNT_BITS);
    }
}

/// Writes the part of an entity that follows its id. `value` appends the value of the given component.
pub fn write_update(
    out: &mut BitWriter,
    update: EntityUpdate,
    course: &Course,
    mut value: impl FnMut(u8, &mut BitWriter),
) {
    let EntityUpdate { is_new, has_course, changed, there } = update;
    out.put(u64::from(is_new) | u64::from(has_course) << 1, 2);
    if has_course {
        course.write(out);
    }
    let mask = if is_new { changed & there } else { changed };
    out.put(u64::from(mask != 0), 1);
    if mask == 0 {
        return;
    }
    out.put_uint(mask.into());
    for id in numbers(mask) {
        let is_there = there >> id & 1 == 1;
        if !is_new {
            out.put(u64::from(is_there), 1);
        }
        if is_there {
            value(id, out);
        }
    }
}

/// The indices of the set bits, lowest first.
fn numbers(mut mask: u16) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let lowest = mask.trailing_zeros() as u8;
        mask &= mask.wrapping_sub(1);
        (u32::from(lowest) < MAX_COMPONENTS).then_some(lowest)
    })
}

/// Receives the contents of a snapshot, in the order of the bytes.
pub trait SnapshotVisitor {
    /// The state of the client's own entity.
    fn own(&mut self, state: OwnState);
    /// The entity left the client's view.
    fn despawn(&mut self, entity: EntityId);
    /// The entity's course and components follow. A new entity starts without any.
    fn entity(&mut self, entity: EntityId, is_new: bool);
    /// The current entity has a new course.
    fn course(&mut self, entity: EntityId, course: Course);
    /// A component of the current entity has a new value. Reads exactly its bits; `None` if they are illegal.
    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()>;
    /// A component of the current entity was removed.
    fn remove(&mut self, entity: EntityId, id: u8);
}

/// Reads a snapshot after its head. `None` if it is cut short or illegal; everything before the fault has been visited.
pub fn read(from: &mut BitReader<'_>, visitor: &mut impl SnapshotVisitor) -> Option<()> {
    let own = OwnState::read(from)?;
    visitor.own(own);
    if from.take(1)? == 1 {
        let mut ids = Ids::default();
        for _ in 0..from.take(COUNT_BITS)? {
            visitor.despawn(ids.read(from)?);
        }
    }
    let mut ids = Ids::default();
    for _ in 0..from.take(COUNT_BITS)? {
        let entity = ids.read(from)?;
        read_update(from, visitor, entity, own.position)?;
    }
    from.clone().at_end().then_some(())
}

fn read_update(
    from: &mut BitReader<'_>,
    visitor: &mut impl SnapshotVisitor,
    entity: EntityId,
    own: Position,
) -> Option<()> {
    let is_new = from.take(1)? == 1;
    visitor.entity(entity, is_new);
    if from.take(1)? == 1 {
        visitor.course(entity, Course::read(from, own)?);
    }
    if from.take(1)? == 0 {
        return Some(());
    }
    let mask = u16::read(from)?;
    for id in numbers(mask) {
        if is_new || from.take(1)? == 1 {
            visitor.component(entity, id, from)?;
        } else {
            visitor.remove(entity, id);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWN: OwnState = OwnState { position: Position { x: 500_000, y: 4_000_000 }, facing: Angle(7) };

    #[derive(Debug, PartialEq, Default)]
    struct Seen(Vec<String>);

    impl SnapshotVisitor for Seen {
        fn own(&mut self, state: OwnState) {
            self.0.push(format!("own {state:?}"));
        }
        fn despawn(&mut self, entity: EntityId) {
            self.0.push(format!("despawn {entity}"));
        }
        fn entity(&mut self, entity: EntityId, is_new: bool) {
            self.0.push(format!("entity {entity} {is_new}"));
        }
        fn course(&mut self, entity: EntityId, course: Course) {
            self.0.push(format!("course {entity} {course:?}"));
        }
        fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
            self.0.push(format!("component {entity} {id} {}", from.take(9)?));
            Some(())
        }
        fn remove(&mut self, entity: EntityId, id: u8) {
            self.0.push(format!("remove {entity} {id}"));
        }
    }

    fn expect(lines: &mut Vec<String>, entity: EntityId, update: EntityUpdate, course: &Course) {
        lines.push(format!("entity {entity} {}", update.is_new));
        if update.has_course {
            lines.push(format!("course {entity} {course:?}"));
        }
        for id in 0..16u8 {
            match (update.changed >> id & 1, update.there >> id & 1) {
                (1, 1) => lines.push(format!("component {entity} {id} {}", u32::from(id) + 300)),
                (1, 0) if !update.is_new => lines.push(format!("remove {entity} {id}")),
                _ => {}
            }
        }
    }

    /// An update and the course that goes with it, less than 32 tiles from the own entity.
    fn update() -> impl Strategy<Value = (EntityUpdate, Course)> {
        let mask = prop_oneof![Just(0u16), (0u32..16).prop_map(|id| 1 << id), any::<u16>()];
        let parts = (any::<bool>(), any::<bool>(), mask, any::<u16>());
        let update =
            parts.prop_map(|(is_new, has_course, changed, there)| EntityUpdate { is_new, has_course, changed, there });
        let course = (-32_767i32..32_767, -32_767i32..32_767, any::<u8>())
            .prop_map(|(dx, dy, facing)| Course::standing(OWN.position.offset(dx, dy), Angle(facing)));
        (update, course)
    }

    fn value(id: u8, out: &mut BitWriter) {
        out.put(u64::from(id) + 300, 9);
    }

    fn encoded(update: EntityUpdate, course: &Course) -> BitWriter {
        let mut out = BitWriter::default();
        write_update(&mut out, update, course, value);
        out
    }

    proptest! {
        #[test]
        fn a_snapshot_comes_back(
            despawns in prop::collection::btree_set(1u32.., 0..5),
            entities in prop::collection::btree_map(prop_oneof![1u32..3_000, 1u32..], update(), 0..20),
        ) {
            let mut out = BitWriter::default();
            let mut writer = SnapshotWriter::own(&mut out, OWN);
            writer.despawns(despawns.iter().map(|id| EntityId(*id)).collect::<Vec<_>>().into_iter());
            let mut lines = vec![format!("own {OWN:?}")];
            lines.extend(despawns.iter().map(|id| format!("despawn {id}")));
            for (id, (update, course)) in &entities {
                let body = encoded(*update, course);
                let has_room = writer.entity(EntityId(*id), body.bytes(), body.len_bits(), 10_000);
                prop_assert!(has_room);
                expect(&mut lines, EntityId(*id), *update, course);
            }
            writer.finish();
            let mut seen = Seen::default();
            prop_assert_eq!(read(&mut BitReader::new(out.bytes()), &mut seen), Some(()));
            prop_assert_eq!(seen.0, lines);
        }

        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&mut BitReader::new(&bytes), &mut Seen::default());
        }
    }

    #[test]
    fn what_does_not_fit_is_taken_back() {
        let mut out = BitWriter::default();
        let update = EntityUpdate { is_new: false, has_course: false, changed: 1, there: 1 };
        let body = encoded(update, &Course::default());
        let mut writer = SnapshotWriter::own(&mut out, OWN);
        writer.despawns([].into_iter());
        // 61 bits so far. Each entity takes 8 of id, 3, 8 of mask, 1 and 9 of value: 29.
        assert_eq!(writer.len_bits(), 61);
        assert!(writer.entity(EntityId(2), body.bytes(), body.len_bits(), 12));
        assert_eq!(writer.len_bits(), 90);
        assert!(!writer.entity(EntityId(3), body.bytes(), body.len_bits(), 14), "119 bits do not fit 14 bytes");
        assert_eq!(writer.len_bits(), 90);
        assert!((4..9).all(|id| writer.entity(EntityId(id), body.bytes(), body.len_bits(), 100)));
        // 264 bits with the next one.
        assert!(!writer.entity(EntityId(9), body.bytes(), body.len_bits(), 32));
        assert!(writer.entity(EntityId(10), body.bytes(), body.len_bits(), 33), "exactly 33 bytes");
        writer.finish();
        assert_eq!(entities_of(&out), ["2 false", "4 false", "5 false", "6 false", "7 false", "8 false", "10 false"]);
    }

    #[test]
    fn more_than_255_entities_do_not_fit() {
        let mut out = BitWriter::default();
        let body = encoded(EntityUpdate::default(), &Course::default());
        let mut writer = SnapshotWriter::own(&mut out, OWN);
        writer.despawns([].into_iter());
        assert!((1..=255).all(|id| writer.entity(EntityId(id), body.bytes(), body.len_bits(), 10_000)));
        let bits = writer.len_bits();
        assert!(!writer.entity(EntityId(256), body.bytes(), body.len_bits(), 10_000));
        assert_eq!(writer.len_bits(), bits);
        writer.finish();
        assert_eq!(entities_of(&out), (1..=255).map(|id| format!("{id} false")).collect::<Vec<_>>());
    }

    /// The entities of a snapshot, by what its visitor noted.
    fn entities_of(out: &BitWriter) -> Vec<String> {
        let mut seen = Seen::default();
        assert_eq!(read(&mut BitReader::new(out.bytes()), &mut seen), Some(()));
        seen.0.iter().filter_map(|line| line.strip_prefix("entity ")).map(str::to_owned).collect()
    }

    #[test]
    fn an_id_that_does_not_ascend_is_refused() {
        let is_read = |despawns: &[u32], entities: &[u32]| {
            let mut out = BitWriter::default();
            let body = encoded(EntityUpdate::default(), &Course::default());
            let mut writer = SnapshotWriter::own(&mut out, OWN);
            writer.despawns(despawns.iter().map(|id| EntityId(*id)));
            for id in entities {
                assert!(writer.entity(EntityId(*id), body.bytes(), body.len_bits(), 100));
            }
            writer.finish();
            read(&mut BitReader::new(out.bytes()), &mut Seen::default()).is_some()
        };
        for (ids, ascend) in [([1, 2], true), ([2, u32::MAX], true), ([2, 2], false), ([2, 1], false), ([0, 1], false)]
        {
            assert_eq!(is_read(&ids, &[]), ascend, "despawns {ids:?}");
            assert_eq!(is_read(&[], &ids), ascend, "entities {ids:?}");
        }
        assert!(is_read(&[5, 6], &[1, 2]), "each list begins anew");
    }
}
