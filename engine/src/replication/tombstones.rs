//! Despawns that one client has not acknowledged.

use std::cmp::Reverse;

use realmgate_protocol::ids::{EntityId, Tick};

/// Most of them. Some thousand entities leave a view when a crowd is left behind; only a client that does not acknowledge has
/// more, and each costs memory for as long as it stays.
const MAX_TOMBSTONES: usize = 16_384;

/// An entity that the client saw and sees no more.
#[derive(Debug, Clone, Copy)]
struct Tombstone {
    id: EntityId,
    /// The tick in which it left the view.
    since: Tick,
    /// A snapshot that holds its despawn is on its way.
    in_flight: bool,
}

/// Entities whose despawn is sent until a snapshot that holds it is acknowledged; by id.
#[derive(Debug, Default)]
pub(super) struct Tombstones(Vec<Tombstone>);

impl Tombstones {
    /// Whether there are more than a client that acknowledges could have.
    pub fn is_overfull(&self) -> bool {
        self.0.len() > MAX_TOMBSTONES
    }

    /// Adds entities that left the view.
    pub fn add(&mut self, ids: impl ExactSizeIterator<Item = EntityId>, now: Tick) {
        if ids.len() == 0 {
            return;
        }
        self.0.extend(ids.map(|id| Tombstone { id, since: now, in_flight: false }));
        self.0.sort_by_key(|tombstone| (tombstone.id, Reverse(tombstone.since)));
        self.0.dedup_by_key(|tombstone| tombstone.id);
    }

    /// An entity is visible again before its despawn was acknowledged.
    pub fn remove(&mut self, id: EntityId) {
        if let Some(index) = self.find(id) {
            self.0.remove(index);
        }
    }

    /// The despawns that the next snapshot is to hold, ascending by id and at most `max`. Each is in flight once it is taken.
    pub fn take_unsent(&mut self, max: usize) -> impl Iterator<Item = EntityId> {
        let waiting = self.0.iter_mut().filter(|tombstone| !tombstone.in_flight).take(max);
        waiting.map(|tombstone| {
            tombstone.in_flight = true;
            tombstone.id
        })
    }

    /// A snapshot of `tick` that held a despawn was applied.
    pub fn acknowledge(&mut self, id: EntityId, tick: Tick) {
        if let Some(index) = self.find(id)
            && tick >= self.0[index].since
        {
            self.0.remove(index);
        }
    }

    /// A snapshot that held a despawn is lost.
    pub fn lose(&mut self, id: EntityId) {
        if let Some(index) = self.find(id) {
            self.0[index].in_flight = false;
        }
    }

    fn find(&self, id: EntityId) -> Option<usize> {
        self.0.binary_search_by_key(&id, |tombstone| tombstone.id).ok()
    }
}
