//! The body of a snapshot, after the [`ServerFrameHead`](super::datagram::ServerFrameHead).
//!
//! Bits: despawn count 8 · that many entities · entity count 8 · per entity: entity · is new 1 · mask of changed
//! components 16 · for each set bit, lowest first: present 1, then the component's value if present (absent: removed).
//!
//! Values are absolute. A component is sent again in every snapshot until one that held its newest value has been
//! acknowledged, so a client may apply any newer snapshot whatever was lost before it.

use crate::bits::{BitField, BitReader, BitWriter};
use crate::ids::EntityId;

/// Bits of a count of entities.
pub const COUNT_BITS: u32 = 8;
/// Most despawns, and most entities, in one snapshot.
pub const MAX_COUNT: usize = 255;
/// Bits of the component mask, and so the most component kinds.
pub const MASK_BITS: u32 = 16;

/// Appends an entity's head: its id, whether it is new to this client, and which components follow.
pub fn write_entity_head(out: &mut BitWriter, entity: EntityId, is_new: bool, mask: u16) {
    entity.write(out);
    out.put(u64::from(is_new), 1);
    out.put(u64::from(mask), MASK_BITS);
}

/// What a client does with a snapshot, in the order of the bytes.
pub trait SnapshotVisitor {
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
    for _ in 0..from.take(COUNT_BITS)? {
        visitor.despawn(EntityId::read(from)?);
    }
    for _ in 0..from.take(COUNT_BITS)? {
        let entity = EntityId::read(from)?;
        let is_new = from.take(1)? == 1;
        let mask = from.take(MASK_BITS)?;
        visitor.entity(entity, is_new);
        for id in (0..MASK_BITS as u8).filter(|id| mask >> id & 1 == 1) {
            if from.take(1)? == 1 {
                visitor.component(entity, id, from)?;
            } else {
                visitor.remove(entity, id);
            }
        }
    }
    from.clone().at_end().then_some(())
}
