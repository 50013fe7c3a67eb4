//! Encodes what changed, once for all clients.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::snapshot::MASK_BITS;

use crate::clock::TickClock;

/// Who may see a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// Everybody who sees the entity.
    All,
    /// The player whose entity it is.
    Owner,
}

/// The newest wire value of each component of an entity.
#[derive(Component, Debug, Default)]
pub struct Encoded {
    slots: [Slot; MASK_BITS as usize],
    newest: Tick,
}

/// One component's bits.
#[derive(Debug, Default)]
struct Slot {
    bytes: Vec<u8>,
    bits: usize,
    present: bool,
    changed_at: Tick,
}

impl Encoded {
    /// Which components changed after `base`; after tick 0, those that are there.
    pub(super) fn mask_since(&self, base: Tick, allowed: u16) -> u16 {
        if self.newest <= base {
            return 0;
        }
        let changed = |slot: &Slot| slot.changed_at > base && (slot.present || base > Tick(0));
        let bits = self.slots.iter().enumerate().filter(|(_, slot)| changed(slot));
        bits.fold(0, |mask, (id, _)| mask | 1 << id) & allowed
    }

    /// Appends the components of `mask`, lowest first.
    pub(super) fn write(&self, mask: u16, out: &mut BitWriter) {
        for (id, slot) in self.slots.iter().enumerate() {
            if mask >> id & 1 == 1 {
                out.put(u64::from(slot.present), 1);
                if slot.present {
                    out.put_bits(&slot.bytes, slot.bits);
                }
            }
        }
    }

    /// The components that are there, as (id, bits, bytes): what the state hash is made of.
    pub(crate) fn values(&self) -> impl Iterator<Item = (usize, usize, &[u8])> {
        let present = self.slots.iter().enumerate().filter(|(_, slot)| slot.present);
        present.map(|(id, slot)| (id, slot.bits, slot.bytes.as_slice()))
    }

    fn set(&mut self, id: u8, value: &BitWriter, now: Tick) {
        let slot = &mut self.slots[usize::from(id)];
        if slot.present && slot.bits == value.len_bits() && slot.bytes == value.bytes() {
            return;
        }
        slot.bytes.clear();
        slot.bytes.extend_from_slice(value.bytes());
        (slot.bits, slot.present, slot.changed_at) = (value.len_bits(), true, now);
        self.newest = now;
    }

    fn unset(&mut self, id: u8, now: Tick) {
        let slot = &mut self.slots[usize::from(id)];
        if slot.present {
            (slot.present, slot.changed_at) = (false, now);
            self.newest = now;
        }
    }
}

type EncodeFn = Box<dyn FnMut(&mut World, Tick, &mut BitWriter) + Send + Sync>;

/// The registered components.
#[derive(Resource, Default)]
pub struct Encoders {
    encoders: Vec<EncodeFn>,
    owner_only: u16,
    registered: u16,
}

impl Encoders {
    /// The components that only an entity's own player sees.
    pub(super) fn owner_only(&self) -> u16 {
        self.owner_only
    }

    /// Adds a component.
    ///
    /// # Panics
    /// When its id is taken or does not fit the mask: a mistake of the game's author, at start.
    pub(super) fn register<C: Component, W: WireComponent>(&mut self, seen_by: SeenBy, to_wire: fn(&C) -> W) {
        assert!(u32::from(W::ID) < MASK_BITS, "component {} has an id beyond the mask", W::NAME);
        assert!(self.registered >> W::ID & 1 == 0, "component id {} is registered twice", W::ID);
        self.registered |= 1 << W::ID;
        if seen_by == SeenBy::Owner {
            self.owner_only |= 1 << W::ID;
        }
        let mut query: Option<QueryState<(&mut Encoded, &C), Changed<C>>> = None;
        self.encoders.push(Box::new(move |world, now, scratch| {
            let query = query.get_or_insert_with(|| world.query_filtered());
            for (mut encoded, component) in query.iter_mut(world) {
                scratch.clear();
                to_wire(component).write(scratch);
                encoded.set(W::ID, scratch, now);
            }
            let removed: Vec<Entity> = world.removed::<C>().collect();
            for entity in removed {
                if world.get::<C>(entity).is_none()
                    && let Some(mut encoded) = world.get_mut::<Encoded>(entity)
                {
                    encoded.unset(W::ID, now);
                }
            }
        }));
    }
}

/// Runs every encoder. Exclusive, because each writes the same component of many entities.
pub(super) fn encode_changes(world: &mut World, mut scratch: Local<BitWriter>) {
    let now = world.resource::<TickClock>().now();
    world.resource_scope(|world, mut encoders: Mut<Encoders>| {
        for encode in &mut encoders.encoders {
            encode(world, now, &mut scratch);
        }
    });
    world.clear_trackers();
}
