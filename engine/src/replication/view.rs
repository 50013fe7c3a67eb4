//! What one client sees, and what of it is confirmed.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};

use super::known::{Confirmed, Known};

/// Snapshots that are remembered until acknowledged; older ones count as lost.
const MAX_IN_FLIGHT: usize = 64;

/// Entities that a client may have to be told the end of at once. Some thousand leave a view when a crowd is left behind;
/// more are due only to a client that does not acknowledge, and each costs memory for as long as it stays.
const MAX_LEAVING: usize = 16_384;

/// Most despawns told in one snapshot, so that they leave room for entities; the rest follow in the next.
const MAX_DESPAWNS: usize = 64;

/// What a snapshot held, until it is known whether it was applied.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub tick: Tick,
    /// Slots, and after which tick all their changes were held.
    pub entities: Vec<(u32, Tick)>,
    /// The same of the client's own entity, if anything but its place was told.
    pub own: Option<Tick>,
    despawns: Vec<EntityId>,
}

/// An entity that left the view.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    id: EntityId,
    since: Tick,
    /// A snapshot tells of it, and is not known to be lost.
    told: bool,
}

/// A client's view of the world.
#[derive(Component, Debug, Default)]
pub struct ClientView {
    pub(super) known: Known,
    /// What the client has of its own entity, and up to when it was told of its changes.
    pub(super) own: (Confirmed, Tick),
    /// The cell from which the client last looked around.
    pub(super) looked_from: Option<(i32, i32)>,
    /// By id; told again until a snapshot that told it is acknowledged.
    leaving: Vec<Leaving>,
    /// The newest snapshot that is known to be applied.
    acknowledged: Tick,
    in_flight: VecDeque<Sent>,
    /// Kept to be filled again, so that a steady tick allocates nothing.
    spare: Vec<Sent>,
}

impl ClientView {
    /// How many entities the client is shown beside its own.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the client is shown nothing but its own entity.
    pub fn is_empty(&self) -> bool {
        self.known.len() == 0
    }

    /// Whether the client does not acknowledge what it is told.
    pub(super) fn is_deaf(&self) -> bool {
        self.leaving.len() > MAX_LEAVING
    }

    /// Whether the client can not tell a tick from its low bits.
    pub(super) fn needs_whole_head(&self, now: Tick) -> bool {
        self.acknowledged == Tick(0) || now.since(self.acknowledged) > ServerFrameHead::SHORT_FOR_TICKS
    }

    /// Takes a client's acknowledgement. A client applies no snapshot older than the newest it has applied: one that lies
    /// before that and is not acknowledged is lost.
    pub fn acknowledge(&mut self, ack: SnapshotAck) {
        if self.in_flight.back().is_none_or(|last| ack.newest > last.tick) {
            return;
        }
        while self.in_flight.front().is_some_and(|sent| sent.tick <= ack.newest) {
            let Some(sent) = self.in_flight.pop_front() else { break };
            let before = ack.newest.since(sent.tick);
            if before == 0 || (before <= 32 && ack.before >> (before - 1) & 1 == 1) {
                self.acknowledged = sent.tick;
                self.confirm(&sent);
            } else {
                self.lose(&sent);
            }
            self.spare.push(sent);
        }
    }

    fn confirm(&mut self, sent: &Sent) {
        if let Some(from) = sent.own {
            self.own.0.confirm(sent.tick, from);
        }
        for (slot, from) in &sent.entities {
            self.known.confirm(*slot, sent.tick, *from);
        }
        for id in &sent.despawns {
            if let Ok(at) = self.find_leaving(*id)
                && sent.tick >= self.leaving[at].since
            {
                self.leaving.remove(at);
            }
        }
    }

    fn lose(&mut self, sent: &Sent) {
        if sent.own.is_some() {
            self.own.1 = self.own.0.base;
        }
        for (slot, _) in &sent.entities {
            self.known.lost(*slot, sent.tick);
        }
        for id in &sent.despawns {
            if let Ok(at) = self.find_leaving(*id) {
                self.leaving[at].told = false;
            }
        }
    }

    fn find_leaving(&self, id: EntityId) -> Result<usize, usize> {
        self.leaving.binary_search_by_key(&id, |leaving| leaving.id)
    }

    /// Notes who left the view; empties the list.
    pub(super) fn let_go(&mut self, left: &mut Vec<EntityId>, now: Tick) {
        if !left.is_empty() {
            self.leaving.extend(left.drain(..).map(|id| Leaving { id, since: now, told: false }));
            self.leaving.sort_by_key(|leaving| (leaving.id, std::cmp::Reverse(leaving.since)));
            self.leaving.dedup_by_key(|leaving| leaving.id);
        }
    }

    /// Who came back into view before the client was told to forget it is not to be forgotten any more.
    pub(super) fn take_back_entered(&mut self) {
        let mut entered = std::mem::take(&mut self.known.entered);
        for id in entered.drain(..) {
            if let Ok(at) = self.find_leaving(id) {
                self.leaving.remove(at);
            }
        }
        self.known.entered = entered;
    }

    /// Has this snapshot tell the client whom to forget; by id.
    pub(super) fn tell_despawns(&mut self, sent: &mut Sent) {
        let untold = self.leaving.iter_mut().filter(|leaving| !leaving.told);
        for leaving in untold.take(MAX_DESPAWNS) {
            leaving.told = true;
            sent.despawns.push(leaving.id);
        }
    }

    /// An empty record of a snapshot, from those that were used before if there is one.
    pub(super) fn start_snapshot(&mut self, tick: Tick) -> Sent {
        let lost = if self.in_flight.len() == MAX_IN_FLIGHT { self.in_flight.pop_front() } else { None };
        if let Some(lost) = lost {
            self.lose(&lost);
            self.spare.push(lost);
        }
        let mut sent = self.spare.pop().unwrap_or_default();
        (sent.tick, sent.own) = (tick, None);
        sent.entities.clear();
        sent.despawns.clear();
        sent
    }

    /// Keeps the record of a snapshot that was sent.
    pub(super) fn keep(&mut self, sent: Sent) {
        self.in_flight.push_back(sent);
    }
}

impl Sent {
    /// Whom the snapshot tells the client to forget.
    pub(super) fn despawns(&self) -> impl ExactSizeIterator<Item = EntityId> {
        self.despawns.iter().copied()
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
