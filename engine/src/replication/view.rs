//! What one client sees, and what of it is confirmed.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};

use super::known::{Crossings, Known};

/// Snapshots that are remembered until acknowledged; older ones count as lost.
const MAX_IN_FLIGHT: usize = 64;

/// Entities that a client may have to be told the end of at once. Some thousand leave a view when a crowd is left behind;
/// more are due only to a client that does not acknowledge, and each costs memory for as long as it stays.
const MAX_LEAVING: usize = 16_384;

/// Most despawns told in one snapshot, so that they leave room for entities; the rest follow in the next.
const MAX_DESPAWNS: usize = 64;

/// What a snapshot told of an entity, until it is known whether it was applied.
#[derive(Debug, Clone, Copy)]
struct ToldOf {
    /// [`NEW`] is set where it was told whole.
    slot: u32,
    /// All changes after this tick.
    from: Tick,
}

/// Marks an entity that was told whole.
const NEW: u32 = 1 << 31;

/// A snapshot on its way. What it told is in the queues of the view: so many of each are its own.
#[derive(Debug, Default)]
pub(super) struct Sent {
    tick: Tick,
    entities: u16,
    despawns: u16,
    /// Of `entities`, how many were told whole.
    new: u16,
    /// If anything but the place was told of the client's own entity: that, after this tick.
    own: Option<Tick>,
}

/// An entity that left the view.
#[derive(Debug, Clone, Copy)]
struct Leaving {
    id: EntityId,
    since: Tick,
    /// A snapshot tells of it, and is not known to be lost.
    told: bool,
}

/// What the client has of its own entity.
#[derive(Debug, Default)]
struct OwnKnown {
    /// It has confirmed to know it; before, it is told the whole.
    confirmed: bool,
    /// All changes up to here were told.
    told: Tick,
}

/// A client's view of the world.
#[derive(Component, Debug, Default)]
pub struct ClientView {
    pub(super) known: Known,
    own: OwnKnown,
    /// The cell from which the client last looked around.
    pub(super) looked_from: Option<(i32, i32)>,
    /// By id; told again until a snapshot that told it is acknowledged.
    leaving: Vec<Leaving>,
    /// The newest snapshot that is known to be applied.
    acknowledged: Tick,
    /// Oldest first, as in the two queues.
    in_flight: VecDeque<Sent>,
    told: VecDeque<ToldOf>,
    despawned: VecDeque<EntityId>,
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
        while let Some(sent) = self.in_flight.pop_front_if(|sent| sent.tick <= ack.newest) {
            let before = ack.newest.since(sent.tick);
            if before == 0 || (before <= 32 && ack.before >> (before - 1) & 1 == 1) {
                self.acknowledged = sent.tick;
                self.confirm(&sent);
            } else {
                self.lose(&sent);
            }
        }
    }

    fn confirm(&mut self, sent: &Sent) {
        if let Some(from) = sent.own {
            self.own.confirmed = true;
            if from == Tick(0) {
                self.own.told = self.own.told.max(sent.tick);
            }
        }
        let entities = self.told.drain(..usize::from(sent.entities));
        if sent.new > 0 {
            let new = entities.filter(|told| told.slot & NEW != 0);
            new.for_each(|told| self.known.confirm_new(told.slot & !NEW, sent.tick));
        }
        for id in self.despawned.drain(..usize::from(sent.despawns)) {
            if let Ok(at) = find(&self.leaving, id)
                && sent.tick >= self.leaving[at].since
            {
                self.leaving.remove(at);
            }
        }
    }

    fn lose(&mut self, sent: &Sent) {
        if let Some(from) = sent.own {
            self.own.told = self.own.told.min(from);
        }
        for told in self.told.drain(..usize::from(sent.entities)) {
            self.known.lost(told.slot & !NEW, told.from);
        }
        for id in self.despawned.drain(..usize::from(sent.despawns)) {
            if let Ok(at) = find(&self.leaving, id) {
                self.leaving[at].told = false;
            }
        }
    }

    /// Takes in who crossed the border of the view: empties both lists. Who came back before the client was told to forget it is
    /// not to be forgotten any more.
    pub(super) fn note_crossings(&mut self, crossings: &mut Crossings, now: Tick) {
        if !crossings.left.is_empty() {
            self.leaving.extend(crossings.left.drain(..).map(|id| Leaving { id, since: now, told: false }));
            self.leaving.sort_by_key(|leaving| (leaving.id, std::cmp::Reverse(leaving.since)));
            self.leaving.dedup_by_key(|leaving| leaving.id);
        }
        for id in crossings.entered.drain(..) {
            if let Ok(at) = find(&self.leaving, id) {
                self.leaving.remove(at);
            }
        }
    }

    /// An empty record of a snapshot.
    pub(super) fn start_snapshot(&mut self, tick: Tick) -> Sent {
        if self.in_flight.len() == MAX_IN_FLIGHT
            && let Some(lost) = self.in_flight.pop_front()
        {
            self.lose(&lost);
        }
        Sent { tick, ..Sent::default() }
    }

    /// After which tick this snapshot is to tell all changes of the client's own entity, of which `newest` is the last; 0 for the
    /// whole, `None` for none.
    pub(super) fn tell_own(&mut self, newest: Tick, sent: &mut Sent) -> Option<Tick> {
        let from = if self.own.confirmed { self.own.told } else { Tick(0) };
        if newest > from || from == Tick(0) {
            sent.own = Some(from);
            self.own.told = sent.tick;
        }
        sent.own
    }

    /// Has this snapshot tell the client whom to forget: their ids, ascending.
    pub(super) fn tell_despawns(&mut self, sent: &mut Sent) -> impl ExactSizeIterator<Item = EntityId> {
        let before = self.despawned.len();
        for leaving in self.leaving.iter_mut().filter(|leaving| !leaving.told).take(MAX_DESPAWNS) {
            leaving.told = true;
            self.despawned.push_back(leaving.id);
        }
        sent.despawns = (self.despawned.len() - before) as u16;
        self.despawned.range(before..).copied()
    }

    /// Notes that this snapshot tells all changes of an entity after `from`, or the whole of a new one.
    pub(super) fn tell(&mut self, slot: u32, from: Tick, is_new: bool, sent: &mut Sent) {
        self.told.push_back(ToldOf { slot: slot | if is_new { NEW } else { 0 }, from });
        sent.entities += 1;
        sent.new += u16::from(is_new);
    }

    /// Keeps the record of a snapshot that was sent.
    pub(super) fn keep(&mut self, sent: Sent) {
        self.in_flight.push_back(sent);
    }
}

fn find(leaving: &[Leaving], id: EntityId) -> Result<usize, usize> {
    leaving.binary_search_by_key(&id, |leaving| leaving.id)
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
        // As many as a view takes in at once of those that are not confirmed.
        let crowd = 250;
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
