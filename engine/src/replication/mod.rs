//! Replication: each client is shown the registered components of the entities it may see, and where they are.
//!
//! Every tick, [`slots`] follows where entities are and gives those that left their course a new one (dead reckoning); [`encode`]
//! writes the components that changed into each entity's [`Encoded`]; [`interest`] lists the entities around each cell, out of the [spatial index](crate::spatial). A client's
//! [`view`] is the entities in its area of interest ([`visible_set`]), their changes that it was not sent yet ([`pending`]), and the
//! despawns that it has not acknowledged ([`tombstones`]). [`snapshot`] writes the pending updates whose turn it is
//! ([`update_schedule`]), those of the highest priority first within the send budget ([`budget`]), each encoded once for all clients
//! that lack the same ([`update_cache`]). [`watch`] does the same for [spectators](crate::spectator).

mod audience;
mod budget;
mod candidates;
mod encode;
mod foretell;
mod interest;
mod pending;
mod slot_set;
mod slots;
mod snapshot;
mod tombstones;
mod update_cache;
mod update_schedule;
mod view;
mod viewers;
mod visible_set;
mod watch;

pub use audience::{Audience, Listener};
pub use budget::SnapshotBudget;
pub use encode::{Encoded, SeenBy};
pub use interest::InterestRange;
pub use view::ClientView;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::MAX_SECTION_BYTES;

use crate::clock::TickClock;
use crate::schedule::{TickSchedule, TickSet, clear_removals};
use crate::spatial::RefreshIndex;
use crate::spectator::Spectators;
use crate::tick_threads::TickThreads;

/// Most bytes of a snapshot: what a payload has room for.
pub const MAX_SNAPSHOT_BYTES: usize = MAX_SECTION_BYTES;

/// The id under which clients know an entity. Having one is what makes an entity replicated.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[component(immutable)]
#[require(Encoded)]
pub struct NetEntity(pub EntityId);

/// Gives out entity ids and finds entities by them.
#[derive(Resource, Debug, Default)]
pub struct NetEntities {
    last: u32,
    by_id: std::collections::BTreeMap<EntityId, Entity>,
}

impl NetEntities {
    /// A new id for an entity that is about to be spawned: put it into its [`NetEntity`].
    pub fn allocate(&mut self) -> NetEntity {
        self.last += 1;
        NetEntity(EntityId(self.last))
    }

    /// The entity that clients know as `id`.
    pub fn get(&self, id: EntityId) -> Option<Entity> {
        self.by_id.get(&id).copied()
    }
}

/// A wire component used as a component of the world as it is: for state that is nothing but what clients see.
#[derive(Component, Debug, Clone, PartialEq, Default)]
pub struct Replicated<W: WireComponent>(pub W);

impl<W: WireComponent> std::ops::Deref for Replicated<W> {
    type Target = W;
    fn deref(&self) -> &W {
        &self.0
    }
}

impl<W: WireComponent> std::ops::DerefMut for Replicated<W> {
    fn deref_mut(&mut self) -> &mut W {
        &mut self.0
    }
}

/// Registers components for replication.
pub trait ReplicateApp {
    /// Replicates component `C` as wire component `W`. Where an entity is needs no registration: see [`crate::body::At`].
    fn replicate<C: Component, W: WireComponent>(&mut self, seen_by: SeenBy, to_wire: fn(&C) -> W) -> &mut Self;

    /// Gives changes of `W` priority when not all fit.
    fn prefer<W: WireComponent>(&mut self) -> &mut Self;

    /// Replicates [`Replicated<W>`].
    fn replicate_wire<W: WireComponent>(&mut self, seen_by: SeenBy) -> &mut Self {
        self.replicate::<Replicated<W>, W>(seen_by, |replicated| replicated.0.clone())
    }
}

impl ReplicateApp for App {
    fn replicate<C: Component, W: WireComponent>(&mut self, seen_by: SeenBy, to_wire: fn(&C) -> W) -> &mut Self {
        let mut encoders = self.world_mut().get_resource_or_init::<encode::Encoders>();
        encoders.register::<C, W>(seen_by, to_wire);
        self
    }

    fn prefer<W: WireComponent>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<encode::Encoders>().prefer(W::ID);
        self
    }
}

/// Owns replication.
pub struct ReplicationPlugin {
    /// Those that make snapshots. Not a resource: that would be an entity more, and entities' turns go by their number.
    pub threads: TickThreads,
}

impl Plugin for ReplicationPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<NetEntities>()
            .init_resource::<encode::Encoders>()
            .init_resource::<InterestRange>()
            .init_resource::<SnapshotBudget>()
            .init_resource::<slots::Slots>()
            .init_resource::<Spectators>()
            .configure_sets(TickSchedule, TickSet::Replicate.run_if(is_seen))
            .add_observer(index_entity)
            .add_observer(forget_entity)
            .add_systems(
                TickSchedule,
                (
                    slots::follow_bodies,
                    foretell::foretell_turns,
                    encode::encode_changes,
                    clear_removals,
                    slots::list_changed,
                    viewers::write_snapshots(self.threads.clone()),
                    watch::write_spectator_snapshots,
                    slots::free_slots,
                )
                    .chain()
                    .in_set(TickSet::Replicate)
                    .after(RefreshIndex),
            );
    }
}

/// Whether the tick is a whole one, or somebody watches a channel at [rest](crate::rest).
fn is_seen(clock: Res<TickClock>, spectators: Res<Spectators>) -> bool {
    !clock.is_passed_by() || !spectators.is_empty()
}

fn index_entity(
    added: On<Add<NetEntity>>,
    mut encoded: Query<(&NetEntity, &mut Encoded)>,
    mut entities: ResMut<NetEntities>,
    mut slots: ResMut<slots::Slots>,
) {
    if let Ok((id, mut encoded)) = encoded.get_mut(added.entity) {
        entities.by_id.insert(id.0, added.entity);
        encoded.slot = slots.add(added.entity, id.0);
    }
}

fn forget_entity(
    removed: On<Remove<NetEntity>>,
    encoded: Query<(&NetEntity, &Encoded)>,
    mut entities: ResMut<NetEntities>,
    mut slots: ResMut<slots::Slots>,
) {
    if let Ok((id, encoded)) = encoded.get(removed.entity) {
        entities.by_id.remove(&id.0);
        slots.remove(encoded.slot);
    }
}
