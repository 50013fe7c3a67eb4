//! What one client sees, and what of it is confirmed.

use std::collections::{BTreeMap, VecDeque};

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::wire::datagram::SnapshotAck;

/// Snapshots that are remembered until acknowledged; older ones count as lost.
const MAX_IN_FLIGHT: usize = 64;

/// Entities that a client may have to be told the end of at once. Some thousand leave a view when a crowd is left behind;
/// more are due only to a client that does not acknowledge, and each costs memory for as long as it stays.
const MAX_LEAVING: usize = 16_384;

/// An entity in a client's view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The world's entity.
    pub entity: Entity,
    /// The client has all changes up to this tick; 0 for none, so that it gets the entity as new.
    pub base: Tick,
    /// When it came into view: acknowledgements of earlier snapshots say nothing about it.
    pub entered_at: Tick,
    /// When it was last in a snapshot: what waits longer presses more.
    pub sent_at: Tick,
    /// Whether it is near in the current tick.
    pub near: bool,
}

/// What a snapshot held, until it is acknowledged.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub tick: Tick,
    pub entities: Vec<EntityId>,
    pub despawns: Vec<EntityId>,
}

/// A client's view of the world.
#[derive(Component, Debug, Default)]
pub struct ClientView {
    pub(super) known: BTreeMap<EntityId, Known>,
    /// Entities that left the view and since when; told again until a snapshot that told it is acknowledged.
    pub(super) leaving: BTreeMap<EntityId, Tick>,
    in_flight: VecDeque<Sent>,
    /// Kept to be filled again, so that a steady tick allocates nothing.
    spare: Vec<Sent>,
}

impl ClientView {
    /// Whether the client is shown `entity`.
    pub fn sees(&self, entity: EntityId) -> bool {
        self.known.contains_key(&entity)
    }

    /// How many entities the client is shown.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the client is shown nothing.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether the client does not acknowledge what it is told.
    pub(super) fn is_deaf(&self) -> bool {
        self.leaving.len() > MAX_LEAVING
    }

    /// Takes a client's acknowledgement. Ticks that were never sent to it are ignored.
    pub fn acknowledge(&mut self, ack: SnapshotAck) {
        for tick in ack.ticks() {
            let Ok(at) = self.in_flight.binary_search_by_key(&tick, |sent| sent.tick) else { continue };
            let Some(sent) = self.in_flight.remove(at) else { continue };
            self.confirm(&sent);
            self.spare.push(sent);
        }
    }

    fn confirm(&mut self, sent: &Sent) {
        for id in &sent.entities {
            if let Some(known) = self.known.get_mut(id)
                && sent.tick >= known.entered_at
            {
                known.base = known.base.max(sent.tick);
            }
        }
        for id in &sent.despawns {
            if self.leaving.get(id).is_some_and(|since| sent.tick >= *since) {
                self.leaving.remove(id);
            }
        }
    }

    /// An empty record of a snapshot, from those that were used before if there is one.
    pub(super) fn start_snapshot(&mut self, tick: Tick) -> Sent {
        let mut sent = self.spare.pop().unwrap_or_default();
        sent.tick = tick;
        sent.entities.clear();
        sent.despawns.clear();
        sent
    }

    /// Keeps the record of a snapshot that was sent.
    pub(super) fn keep(&mut self, sent: Sent) {
        if self.in_flight.len() == MAX_IN_FLIGHT
            && let Some(lost) = self.in_flight.pop_front()
        {
            self.spare.push(lost);
        }
        self.in_flight.push_back(sent);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId};
    use realmgate_protocol::link::CharacterLoad;
    use realmgate_protocol::movement::Position;

    use super::*;
    use crate::body::At;
    use crate::channel::{Channel, ChannelKey, ChannelSettings, ToChannel};
    use crate::map::Map;
    use crate::player::Players;
    use crate::replication::NetEntities;
    use crate::transport::SessionId;

    fn channel() -> Channel {
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let map = Arc::new(Map::sketch(MapId(1), &["S...", "...."]).unwrap());
        let build: crate::channel::BuildWorld = Arc::new(|_| {});
        let mut channel = Channel::new(ChannelSettings { key, map, tick_hz: 30, seed: [1; 32] }, &build);
        let load = CharacterLoad {
            character: CharacterId([1; 16]),
            account: AccountId([1; 16]),
            name: "deaf".to_owned(),
            class_id: String::new(),
            level: 1,
            experience: 0,
            gold: 0,
            items: Vec::new(),
            soft: None,
        };
        channel.push(ToChannel::Join { session: SessionId(1), epoch: LockEpoch(1), load });
        channel.tick().unwrap();
        let player = channel.world().resource::<Players>().of_session(SessionId(1)).unwrap();
        channel.world_mut().entity_mut(player).insert(At(Position::tile_centre(1, 1)));
        channel
    }

    #[test]
    fn a_client_that_never_acknowledges_is_sent_away_before_it_costs_much() {
        let mut channel = channel();
        let crowd = 4_000;
        let ended = (0..MAX_LEAVING / crowd + 2).find(|_| {
            let world = channel.world_mut();
            let others: Vec<Entity> = (0..crowd)
                .map(|_| {
                    let id = world.resource_mut::<NetEntities>().allocate();
                    world.spawn((id, At(Position::tile_centre(2, 1)))).id()
                })
                .collect();
            channel.tick().unwrap();
            for other in others {
                channel.world_mut().despawn(other);
            }
            channel.tick().unwrap();
            channel.take_outbox().disconnects == [SessionId(1)]
        });
        assert_eq!(ended, Some(MAX_LEAVING / crowd + 1), "at the next crowd, and no earlier");
    }
}
