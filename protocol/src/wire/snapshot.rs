//! The body of a snapshot, after the [`ServerFrameHead`](super::datagram::ServerFrameHead).
//!
//! The layout, in bits:
//!
//! * own entity: is new 1 (if so, its `entity`) · x 22 · y 22 · facing 8 · its components;
//! * has despawns 1 (if so, count 8 and that many ids);
//! * entity count 8, and for each entity: its id · has only component 0 changed 1 (if so, its value; otherwise, is new
//!   1 and its components).
//!
//! The ids of each list ascend. Each is the difference to the previous id (0 at first): 2 bits select a width of 6, 11,
//! 17 or 32 bits, and that many bits follow.
//!
//! Components of a new entity: mask 16, then the values, lowest component first.
//!
//! Components of an entity that is not new: for the own entity first has any changed 1, and nothing more if none has.
//! Then 2 bits. Values 0 to 2 mean that 1 to 3 components changed, each as: number 4 · is there 1 · its value if so.
//! Value 3 means mask 16, then for each component in it: is there 1 · its value if so.
//!
//! Values are absolute, so a client may apply any newer snapshot, whatever was lost before it. Component 0 of other
//! entities is a [`Course`](crate::movement::Course) for dead reckoning from the snapshot's tick.

use crate::bits::{BitField, BitReader, BitWriter};
use crate::ids::EntityId;
use crate::movement::{Angle, Position};

/// Maximum number of despawns, and of entities, in one snapshot.
pub const MAX_COUNT: usize = 255;
/// Bits of the component mask, and so the maximum number of component kinds.
pub const MASK_BITS: u32 = 16;
/// The component that says where an entity is.
pub const PLACE: u8 = 0;

const COUNT_BITS: u32 = 8;
const ID_BITS: [u32; 4] = [6, 11, 17, 32];
const NUMBER_BITS: u32 = 4;
/// Up to this many changed components are numbered. More are written as a mask.
const MAX_NUMBERED: u32 = 3;

/// The components of an entity that a snapshot contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentComponents {
    /// Whether the entity is new to this client. Then all components that it has are sent.
    pub is_new: bool,
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

/// Ids in ascending order, each as the difference to the previous one.
#[derive(Debug, Default)]
struct Ids {
    last: u32,
}

impl Ids {
    fn write(&mut self, out: &mut BitWriter, id: EntityId) {
        let apart = id.0.wrapping_sub(self.last);
        let class = ID_BITS.iter().position(|bits| u64::from(apart) < 1 << bits).unwrap_or(ID_BITS.len() - 1);
        out.put(class as u64 | u64::from(apart) << 2, ID_BITS[class] + 2);
        self.last = id.0;
    }

    fn read(&mut self, from: &mut BitReader<'_>) -> Option<EntityId> {
        let bits = ID_BITS[from.take(2)? as usize];
        let apart = from.take(bits)? as u32;
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
    /// Writes the own entity. `value` appends the value of the given component.
    pub fn own(
        out: &'a mut BitWriter,
        entity: EntityId,
        own: OwnState,
        sent: SentComponents,
        value: impl FnMut(u8, &mut BitWriter),
    ) -> Self {
        out.put(u64::from(sent.is_new), 1);
        if sent.is_new {
            entity.write(out);
        }
        own.position.write(out);
        own.facing.write(out);
        if sent.is_new || sent.changed == 0 {
            out.put(u64::from(sent.changed & sent.there), if sent.is_new { MASK_BITS } else { 1 });
        } else {
            out.put(1, 1);
        }
        if sent.is_new || sent.changed != 0 {
            write_components(out, sent, value);
        }
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

    /// Writes an entity; ids must ascend. Returns `false` and writes nothing if the snapshot would exceed `max_bytes`
    /// or [`MAX_COUNT`].
    pub fn entity(
        &mut self,
        entity: EntityId,
        sent: SentComponents,
        max_bytes: usize,
        value: impl FnMut(u8, &mut BitWriter),
    ) -> bool {
        let mut body = BitWriter::default();
        write_body(&mut body, sent, value);
        self.encoded(entity, body.bytes(), body.len_bits(), max_bytes)
    }

    /// As [`Self::entity`], for an entity that [`write_body`] already wrote to the first `bits` bits of `body`.
    pub fn encoded(&mut self, entity: EntityId, body: &[u8], bits: usize, max_bytes: usize) -> bool {
        let (before, last) = (self.out.len_bits(), self.ids.last);
        self.ids.write(self.out, entity);
        let fits = self.out.len_bits() + bits <= 8 * max_bytes && self.count < MAX_COUNT;
        if fits {
            self.out.put_bits(body, bits);
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
pub fn write_body(out: &mut BitWriter, sent: SentComponents, mut value: impl FnMut(u8, &mut BitWriter)) {
    let place_alone = !sent.is_new && sent.changed == 1 << PLACE && sent.there & 1 << PLACE != 0;
    out.put(u64::from(place_alone), 1);
    if place_alone {
        return value(PLACE, out);
    }
    out.put(u64::from(sent.is_new), 1);
    if sent.is_new {
        out.put(u64::from(sent.changed & sent.there), MASK_BITS);
    }
    write_components(out, sent, value);
}

/// The indices of the set bits, lowest first.
fn numbers(mut mask: u16) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let lowest = mask.trailing_zeros() as u8;
        mask &= mask.wrapping_sub(1);
        (u32::from(lowest) < MASK_BITS).then_some(lowest)
    })
}

/// Appends the components. For a new entity the mask is already written.
fn write_components(out: &mut BitWriter, sent: SentComponents, mut value: impl FnMut(u8, &mut BitWriter)) {
    if sent.is_new {
        return numbers(sent.changed & sent.there).for_each(|id| value(id, out));
    }
    let numbered = (1..=MAX_NUMBERED).contains(&sent.changed.count_ones());
    if numbered {
        out.put(u64::from(sent.changed.count_ones() - 1), 2);
    } else {
        out.put(u64::from(MAX_NUMBERED) | u64::from(sent.changed) << 2, 2 + MASK_BITS);
    }
    for id in numbers(sent.changed) {
        if numbered {
            out.put(u64::from(id), NUMBER_BITS);
        }
        let there = sent.there >> id & 1 == 1;
        out.put(u64::from(there), 1);
        if there {
            value(id, out);
        }
    }
}

/// Receives the contents of a snapshot, in the order of the bytes.
pub trait SnapshotVisitor {
    /// The state of the client's own entity. If `new` is given, it is the entity's id, and the entity starts without
    /// components. Returns the entity's id, or `None` if it was never sent: then the snapshot is illegal.
    fn own(&mut self, new: Option<EntityId>, state: OwnState) -> Option<EntityId>;
    /// The entity left the client's view.
    fn despawn(&mut self, entity: EntityId);
    /// The entity's components follow. A new entity starts without any.
    fn entity(&mut self, entity: EntityId, is_new: bool);
    /// A component of the current entity has a new value. Reads exactly its bits; `None` if they are illegal.
    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()>;
    /// A component of the current entity was removed.
    fn remove(&mut self, entity: EntityId, id: u8);
}

/// Reads a snapshot after its head. `None` if it is cut short or illegal; everything before the fault has been visited.
pub fn read(from: &mut BitReader<'_>, visitor: &mut impl SnapshotVisitor) -> Option<()> {
    read_own(from, visitor)?;
    if from.take(1)? == 1 {
        let mut ids = Ids::default();
        for _ in 0..from.take(COUNT_BITS)? {
            visitor.despawn(ids.read(from)?);
        }
    }
    let mut ids = Ids::default();
    for _ in 0..from.take(COUNT_BITS)? {
        let entity = ids.read(from)?;
        if from.take(1)? == 1 {
            visitor.entity(entity, false);
            visitor.component(entity, PLACE, from)?;
        } else {
            let is_new = from.take(1)? == 1;
            visitor.entity(entity, is_new);
            read_components(from, visitor, entity, is_new)?;
        }
    }
    from.clone().at_end().then_some(())
}

fn read_own(from: &mut BitReader<'_>, visitor: &mut impl SnapshotVisitor) -> Option<()> {
    let new = Option::<EntityId>::read(from)?;
    let state = OwnState { position: Position::read(from)?, facing: Angle::read(from)? };
    let own = visitor.own(new, state)?;
    if new.is_some() || from.take(1)? == 1 {
        read_components(from, visitor, own, new.is_some())?;
    }
    Some(())
}

fn read_components(
    from: &mut BitReader<'_>,
    visitor: &mut impl SnapshotVisitor,
    entity: EntityId,
    is_new: bool,
) -> Option<()> {
    if is_new {
        let mask = from.take(MASK_BITS)? as u16;
        return numbers(mask).try_for_each(|id| visitor.component(entity, id, from));
    }
    let mut one = |id: u8, from: &mut BitReader<'_>| {
        if from.take(1)? == 1 {
            visitor.component(entity, id, from)?;
        } else {
            visitor.remove(entity, id);
        }
        Some(())
    };
    let count = from.take(2)? as u32 + 1;
    if count <= MAX_NUMBERED {
        for _ in 0..count {
            let id = from.take(NUMBER_BITS)? as u8;
            one(id, from)?;
        }
        return Some(());
    }
    let mask = from.take(MASK_BITS)? as u16;
    numbers(mask).try_for_each(|id| one(id, from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Default)]
    struct Seen {
        own: Option<EntityId>,
        lines: Vec<String>,
    }

    impl SnapshotVisitor for Seen {
        fn own(&mut self, new: Option<EntityId>, state: OwnState) -> Option<EntityId> {
            self.own = new.or(self.own);
            self.lines.push(format!("own {new:?} {state:?}"));
            self.own
        }
        fn despawn(&mut self, entity: EntityId) {
            self.lines.push(format!("despawn {entity}"));
        }
        fn entity(&mut self, entity: EntityId, is_new: bool) {
            self.lines.push(format!("entity {entity} {is_new}"));
        }
        fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
            self.lines.push(format!("component {entity} {id} {}", from.take(9)?));
            Some(())
        }
        fn remove(&mut self, entity: EntityId, id: u8) {
            self.lines.push(format!("remove {entity} {id}"));
        }
    }

    fn expect(lines: &mut Vec<String>, entity: EntityId, sent: SentComponents) {
        for id in 0..16u8 {
            match (sent.changed >> id & 1, sent.there >> id & 1) {
                (1, 1) => lines.push(format!("component {entity} {id} {}", u32::from(id) + 300)),
                (1, 0) if !sent.is_new => lines.push(format!("remove {entity} {id}")),
                _ => {}
            }
        }
    }

    fn sent() -> impl Strategy<Value = SentComponents> {
        let mask = prop_oneof![Just(1u16), (0u32..16).prop_map(|id| 1 << id), any::<u16>()];
        (any::<bool>(), mask, any::<u16>()).prop_map(|(is_new, changed, there)| SentComponents {
            is_new,
            changed,
            there,
        })
    }

    proptest! {
        #[test]
        fn a_snapshot_comes_back(
            own in sent(),
            despawns in prop::collection::btree_set(1u32.., 0..5),
            entities in prop::collection::btree_map(prop_oneof![1u32..3_000, 1u32..], sent(), 0..20),
        ) {
            let state = OwnState { position: Position { x: 5, y: 4_000_000 }, facing: Angle(7) };
            let value = |id: u8, out: &mut BitWriter| out.put(u64::from(id) + 300, 9);
            let own_id = EntityId(70_000);
            let mut out = BitWriter::default();
            let mut writer = SnapshotWriter::own(&mut out, own_id, state, own, value);
            writer.despawns(despawns.iter().map(|id| EntityId(*id)).collect::<Vec<_>>().into_iter());
            let mut lines = vec![format!("own {:?} {state:?}", own.is_new.then_some(own_id))];
            expect(&mut lines, own_id, own);
            lines.extend(despawns.iter().map(|id| format!("despawn {id}")));
            for (id, sent) in &entities {
                prop_assert!(writer.entity(EntityId(*id), *sent, 10_000, value));
                lines.push(format!("entity {id} {}", sent.is_new));
                expect(&mut lines, EntityId(*id), *sent);
            }
            writer.finish();
            let mut seen = Seen { own: Some(own_id), lines: Vec::new() };
            prop_assert_eq!(read(&mut BitReader::new(out.bytes()), &mut seen), Some(()));
            prop_assert_eq!(seen.lines, lines);
        }

        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&mut BitReader::new(&bytes), &mut Seen { own: Some(EntityId(1)), lines: Vec::new() });
        }
    }

    #[test]
    fn what_does_not_fit_is_taken_back() {
        let mut out = BitWriter::default();
        let sent = SentComponents { is_new: false, changed: 1, there: 1 };
        let value = |_: u8, out: &mut BitWriter| out.put(300, 9);
        let mut writer =
            SnapshotWriter::own(&mut out, EntityId(1), OwnState::default(), SentComponents::default(), value);
        writer.despawns([].into_iter());
        assert!(writer.entity(EntityId(2), sent, 11, value));
        assert!(!writer.entity(EntityId(3), sent, 11, value));
        writer.finish();
        let mut seen = Seen { own: Some(EntityId(1)), lines: Vec::new() };
        read(&mut BitReader::new(out.bytes()), &mut seen).unwrap();
        assert_eq!(seen.lines[1..], ["entity 2 false", "component 2 0 300"]);
    }
}
