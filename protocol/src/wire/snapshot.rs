//! The body of a snapshot, after the [`ServerFrameHead`](super::datagram::ServerFrameHead).
//!
//! Bits: the own entity (is new 1, then its `entity` if so · x 22 · y 22 · facing 8 · its components) · are there
//! despawns 1 (count 8, that many ids) · entity count 8 · per entity: its id · has only its component 0 changed 1 (then
//! that component's value), else is new 1 and its components.
//!
//! Ids ascend: 2 bits say whether 6, 11, 17 or 32 bits follow, which are added to the id before, 0 at first.
//!
//! Components of what is new: mask 16, then the values, lowest first. Of the own entity that is not new: has any changed 1,
//! and if so, or of another entity: 2 bits, which say one less than how many changed, and for each its number 4, is it there 1,
//! and its value if so; or which are 3, then a mask 16, and for each, is it there 1, and its value if so.
//!
//! Values are absolute, so a client may apply any newer snapshot whatever was lost before it. Component 0 of other
//! entities is a [`Course`](crate::movement::Course), reckoned for the snapshot's tick.

use crate::bits::{BitField, BitReader, BitWriter};
use crate::ids::EntityId;
use crate::movement::{Angle, Position};

/// Most despawns, and most entities, in one snapshot.
pub const MAX_COUNT: usize = 255;
/// Bits of the component mask, and so the most component kinds.
pub const MASK_BITS: u32 = 16;
/// The component that tells where an entity is.
pub const PLACE: u8 = 0;

const COUNT_BITS: u32 = 8;
const ID_BITS: [u32; 4] = [6, 11, 17, 32];
const NUMBER_BITS: u32 = 4;
/// So many changed components are numbered; more are a mask.
const MAX_NUMBERED: u32 = 3;

/// Which components of an entity a snapshot tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// The entity is new to this client; then all that are there are told.
    pub is_new: bool,
    /// A bit for each component that is told.
    pub changed: u16,
    /// A bit for each component that is there; one that has changed and is not there was removed.
    pub there: u16,
}

/// What is told of the client's own entity in every snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnState {
    /// Exactly where it is: what predictions start from.
    pub position: Position,
    /// Where it looks.
    pub facing: Angle,
}

/// Ids in ascending order, each as the distance from the one before.
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

/// Writes a snapshot after its head, part by part in the order of its methods.
#[derive(Debug)]
pub struct SnapshotWriter<'a> {
    out: &'a mut BitWriter,
    ids: Ids,
    count: usize,
    count_at: usize,
}

impl<'a> SnapshotWriter<'a> {
    /// Writes the own entity. `value` appends the value of the component that it is asked for.
    pub fn own(
        out: &'a mut BitWriter,
        entity: EntityId,
        own: OwnState,
        told: Told,
        value: impl FnMut(u8, &mut BitWriter),
    ) -> Self {
        out.put(u64::from(told.is_new), 1);
        if told.is_new {
            entity.write(out);
        }
        own.position.write(out);
        own.facing.write(out);
        if told.is_new || told.changed == 0 {
            out.put(u64::from(told.changed & told.there), if told.is_new { MASK_BITS } else { 1 });
        } else {
            out.put(1, 1);
        }
        if told.is_new || told.changed != 0 {
            write_components(out, told, value);
        }
        Self { out, ids: Ids::default(), count: 0, count_at: 0 }
    }

    /// Writes the despawns, whose ids ascend; at most [`MAX_COUNT`].
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

    /// Writes an entity; their ids ascend. `false`, and nothing is written, when the snapshot would exceed `max_bytes` or
    /// [`MAX_COUNT`].
    pub fn entity(
        &mut self,
        entity: EntityId,
        told: Told,
        max_bytes: usize,
        value: impl FnMut(u8, &mut BitWriter),
    ) -> bool {
        let mut body = BitWriter::default();
        write_body(&mut body, told, value);
        self.encoded(entity, body.bytes(), body.len_bits(), max_bytes)
    }

    /// The same of an entity of which [`write_body`] wrote the first `bits` bits of `body`.
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

    /// Bits written so far, the head's among them.
    pub fn len_bits(&self) -> usize {
        self.out.len_bits()
    }

    /// Ends the snapshot.
    pub fn finish(self) {
        self.out.patch(self.count_at, self.count as u64, COUNT_BITS);
    }
}

/// Writes what stands in a snapshot after an entity's id. `value` appends the value of the component that it is asked for.
pub fn write_body(out: &mut BitWriter, told: Told, mut value: impl FnMut(u8, &mut BitWriter)) {
    let place_alone = !told.is_new && told.changed == 1 << PLACE && told.there & 1 << PLACE != 0;
    out.put(u64::from(place_alone), 1);
    if place_alone {
        return value(PLACE, out);
    }
    out.put(u64::from(told.is_new), 1);
    if told.is_new {
        out.put(u64::from(told.changed & told.there), MASK_BITS);
    }
    write_components(out, told, value);
}

/// The numbers of the bits that are set, lowest first.
fn numbers(mut mask: u16) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let lowest = mask.trailing_zeros() as u8;
        mask &= mask.wrapping_sub(1);
        (u32::from(lowest) < MASK_BITS).then_some(lowest)
    })
}

/// Appends the components; of what is new the mask stands there already.
fn write_components(out: &mut BitWriter, told: Told, mut value: impl FnMut(u8, &mut BitWriter)) {
    if told.is_new {
        return numbers(told.changed & told.there).for_each(|id| value(id, out));
    }
    let numbered = (1..=MAX_NUMBERED).contains(&told.changed.count_ones());
    if numbered {
        out.put(u64::from(told.changed.count_ones() - 1), 2);
    } else {
        out.put(u64::from(MAX_NUMBERED) | u64::from(told.changed) << 2, 2 + MASK_BITS);
    }
    for id in numbers(told.changed) {
        if numbered {
            out.put(u64::from(id), NUMBER_BITS);
        }
        let there = told.there >> id & 1 == 1;
        out.put(u64::from(there), 1);
        if there {
            value(id, out);
        }
    }
}

/// What a client does with a snapshot, in the order of the bytes.
pub trait SnapshotVisitor {
    /// Where the client's own entity is; `new` names it, and it starts without components. The answer is its name, or
    /// `None` where it was never told: then the snapshot is illegal.
    fn own(&mut self, new: Option<EntityId>, state: OwnState) -> Option<EntityId>;
    /// The entity left the client's view.
    fn despawn(&mut self, entity: EntityId);
    /// The entity's components follow; a new one starts without any.
    fn entity(&mut self, entity: EntityId, is_new: bool);
    /// A component of the last named entity has a new value: reads exactly its bits, `None` when they are illegal.
    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()>;
    /// A component of the last named entity is gone.
    fn remove(&mut self, entity: EntityId, id: u8);
}

/// Walks a snapshot after its head; `None` where it is cut short or illegal, after what came before was visited.
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

    fn expect(lines: &mut Vec<String>, entity: EntityId, told: Told) {
        for id in 0..16u8 {
            match (told.changed >> id & 1, told.there >> id & 1) {
                (1, 1) => lines.push(format!("component {entity} {id} {}", u32::from(id) + 300)),
                (1, 0) if !told.is_new => lines.push(format!("remove {entity} {id}")),
                _ => {}
            }
        }
    }

    fn told() -> impl Strategy<Value = Told> {
        let mask = prop_oneof![Just(1u16), (0u32..16).prop_map(|id| 1 << id), any::<u16>()];
        (any::<bool>(), mask, any::<u16>()).prop_map(|(is_new, changed, there)| Told { is_new, changed, there })
    }

    proptest! {
        #[test]
        fn a_snapshot_comes_back(
            own in told(),
            despawns in prop::collection::btree_set(1u32.., 0..5),
            entities in prop::collection::btree_map(prop_oneof![1u32..3_000, 1u32..], told(), 0..20),
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
            for (id, told) in &entities {
                prop_assert!(writer.entity(EntityId(*id), *told, 10_000, value));
                lines.push(format!("entity {id} {}", told.is_new));
                expect(&mut lines, EntityId(*id), *told);
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
        let told = Told { is_new: false, changed: 1, there: 1 };
        let value = |_: u8, out: &mut BitWriter| out.put(300, 9);
        let mut writer = SnapshotWriter::own(&mut out, EntityId(1), OwnState::default(), Told::default(), value);
        writer.despawns([].into_iter());
        assert!(writer.entity(EntityId(2), told, 11, value));
        assert!(!writer.entity(EntityId(3), told, 11, value));
        writer.finish();
        let mut seen = Seen { own: Some(EntityId(1)), lines: Vec::new() };
        read(&mut BitReader::new(out.bytes()), &mut seen).unwrap();
        assert_eq!(seen.lines[1..], ["entity 2 false", "component 2 0 300"]);
    }
}
