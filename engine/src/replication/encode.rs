//! Encodes what changed, once for all clients, and keeps each component's last value as it was encoded.

use bevy_ecs::prelude::*;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::snapshot::{EntityUpdate, MAX_COMPONENTS};

use super::slots::{NO_SLOT, Slots};
use crate::clock::TickClock;

/// Who may see a component.
///
/// ```
/// # realmgate_protocol::components! {
/// #     /// Gold in the bag.
/// #     0 => pub struct Gold {
/// #         /// Coins.
/// #         pub coins: u16,
/// #     }
/// # }
/// use bevy_app::App;
/// use bevy_ecs::prelude::*;
/// use realmgate_engine::replication::{ReplicateApp, SeenBy};
///
/// #[derive(Component)]
/// struct Bag {
///     coins: u16,
/// }
///
/// fn game(app: &mut App) {
///     app.replicate::<Bag, Gold>(SeenBy::Owner, |bag| Gold { coins: bag.coins });
/// }
/// # game(&mut App::empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// Everybody who sees the entity.
    All,
    /// The player whose entity it is.
    Owner,
}

/// The newest wire value of each component of an entity but its place, which [`Slots`] has.
#[derive(Component, Debug)]
pub struct Encoded {
    /// Where [`Slots`] keeps the entity.
    pub(super) slot: u32,
    /// Exactly where it is (x, y) and where it looks, for the state hash.
    place: [u8; 9],
    /// By component id.
    values: Vec<Value>,
    last_change: Tick,
}

impl Default for Encoded {
    fn default() -> Self {
        Self { slot: NO_SLOT, place: [0; 9], values: Vec::new(), last_change: Tick(0) }
    }
}

/// One component's bits.
#[derive(Debug)]
struct Value {
    id: u8,
    name: &'static str,
    there: bool,
    bits: u16,
    changed_at: Tick,
    /// The bits where there are at most 64; most components are so short.
    short: [u8; 8],
    long: Vec<u8>,
}

impl Value {
    fn bytes(&self) -> &[u8] {
        let bytes = usize::from(self.bits).div_ceil(8);
        self.short.get(..bytes).unwrap_or(&self.long)
    }

    fn set(&mut self, value: &BitWriter) {
        self.bits = value.len_bits() as u16;
        match self.short.get_mut(..value.len_bytes()) {
            Some(short) => short.copy_from_slice(value.bytes()),
            None => {
                self.long.clear();
                self.long.extend_from_slice(value.bytes());
            }
        }
    }
}

impl Encoded {
    /// When any component changed last; its place does not count.
    pub(super) fn last_change(&self) -> Tick {
        self.last_change
    }

    /// The allowed components that changed after `since`, and which of all are there. Without the course.
    pub(super) fn changes_since(&self, since: Tick, allowed: u16) -> EntityUpdate {
        let mut told = EntityUpdate { is_new: since == Tick(0), ..EntityUpdate::default() };
        for value in &self.values {
            let bit = 1 << value.id & allowed;
            told.there |= if value.there { bit } else { 0 };
            told.changed |= if value.changed_at > since { bit } else { 0 };
        }
        if told.is_new {
            told.changed = told.there;
        }
        told
    }

    /// Appends the value of a component; nothing for one that it never had.
    pub(super) fn write(&self, id: u8, out: &mut BitWriter) {
        if let Ok(index) = self.values.binary_search_by_key(&id, |value| value.id) {
            out.put_bits(self.values[index].bytes(), self.values[index].bits.into());
        }
    }

    /// All that clients could be shown of the entity, as (component, bits, bytes): what the state hash is made of. The place
    /// is exact.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, usize, &[u8])> {
        let there = self.values.iter().filter(|value| value.there);
        let place = ("Place", 8 * self.place.len(), self.place.as_slice());
        std::iter::once(place).chain(there.map(|value| (value.name, value.bits.into(), value.bytes())))
    }

    pub(super) fn set_place(&mut self, at: Position, facing: Angle) {
        self.place[..4].copy_from_slice(&at.x.to_le_bytes());
        self.place[4..8].copy_from_slice(&at.y.to_le_bytes());
        self.place[8] = facing.0;
    }

    /// Whether the value differs from the one before.
    fn set<W: WireComponent>(&mut self, bits: &BitWriter, now: Tick) -> bool {
        let index = match self.values.binary_search_by_key(&W::ID, |value| value.id) {
            Ok(index) => index,
            Err(index) => {
                let (short, long) = ([0; 8], Vec::new());
                let value = Value { id: W::ID, name: W::NAME, there: false, bits: 0, changed_at: now, short, long };
                self.values.insert(index, value);
                index
            }
        };
        let value = &mut self.values[index];
        if value.there && usize::from(value.bits) == bits.len_bits() && value.bytes() == bits.bytes() {
            return false;
        }
        value.set(bits);
        (value.there, value.changed_at, self.last_change) = (true, now, now);
        true
    }

    /// Whether the component was there.
    fn unset(&mut self, id: u8, now: Tick) -> bool {
        let Ok(index) = self.values.binary_search_by_key(&id, |value| value.id) else { return false };
        let was_there = std::mem::replace(&mut self.values[index].there, false);
        if was_there {
            (self.values[index].changed_at, self.last_change) = (now, now);
        }
        was_there
    }
}

type EncodeFn = Box<dyn FnMut(&mut World, &mut Slots, Tick, &mut BitWriter) + Send + Sync>;

/// The registered components.
#[derive(Resource, Default)]
pub struct Encoders {
    encoders: Vec<EncodeFn>,
    owner_only: u16,
    preferred: u16,
    registered: u16,
}

impl Encoders {
    /// The components that only an entity's own player sees.
    pub(super) fn owner_only(&self) -> u16 {
        self.owner_only
    }

    /// The components whose changes have priority.
    pub(super) fn preferred(&self) -> u16 {
        self.preferred
    }

    /// Gives changes of a component priority when not all fit.
    pub(super) fn prefer(&mut self, id: u8) {
        self.preferred |= 1 << id;
    }

    /// Adds a component.
    ///
    /// # Panics
    /// When its id is taken or does not fit the mask: a mistake of the game's author, at start.
    pub(super) fn register<C: Component, W: WireComponent>(&mut self, seen_by: SeenBy, to_wire: fn(&C) -> W) {
        assert!(u32::from(W::ID) < MAX_COMPONENTS, "component {} has an id outside the mask", W::NAME);
        assert!(self.registered >> W::ID & 1 == 0, "component id {} is registered twice", W::ID);
        self.registered |= 1 << W::ID;
        if seen_by == SeenBy::Owner {
            self.owner_only |= 1 << W::ID;
        }
        let to_all = seen_by == SeenBy::All;
        let mut query: Option<QueryState<(&mut Encoded, &C), Changed<C>>> = None;
        self.encoders.push(Box::new(move |world, slots, now, scratch| {
            let query = query.get_or_insert_with(|| world.query_filtered());
            for (mut encoded, component) in query.iter_mut(world) {
                scratch.clear();
                to_wire(component).write(scratch);
                if encoded.set::<W>(scratch, now) && to_all {
                    slots.note_component_change(encoded.slot, now);
                }
            }
            let removed: Vec<Entity> = world.removed::<C>().collect();
            for entity in removed {
                if world.get::<C>(entity).is_none()
                    && let Some(mut encoded) = world.get_mut::<Encoded>(entity)
                    && encoded.unset(W::ID, now)
                    && to_all
                {
                    slots.note_component_change(encoded.slot, now);
                }
            }
        }));
    }
}

/// Runs every encoder. Exclusive, because each writes the same component of many entities.
pub(super) fn encode_changes(world: &mut World, mut scratch: Local<BitWriter>) {
    let now = world.resource::<TickClock>().now();
    world.resource_scope(|world, mut encoders: Mut<Encoders>| {
        world.resource_scope(|world, mut slots: Mut<Slots>| {
            for encode in &mut encoders.encoders {
                encode(world, &mut slots, now, &mut scratch);
            }
        });
    });
}
