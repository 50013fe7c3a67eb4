//! A client that applies snapshots as the protocol says, and asserts at each step that they make sense.

use std::collections::BTreeMap;

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Course, Position};
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};

use crate::scene::{Count, Mark, Secret};

/// What a client knows of one entity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    course: Option<(Tick, Course)>,
    pub count: Option<u32>,
    pub mark: Option<u32>,
    pub secret: Option<u32>,
}

impl Shown {
    /// Where it is shown at a tick, by dead reckoning from its last known course.
    pub fn position(&self, now: Tick) -> Option<Position> {
        self.course.map(|(told_at, course)| course.after(now.since(told_at)))
    }
}

/// A client.
#[derive(Debug, Default)]
pub struct Client {
    pub head: ServerFrameHead,
    pub ack: SnapshotAck,
    pub own: Option<EntityId>,
    state: OwnState,
    pub shown: BTreeMap<EntityId, Shown>,
    /// Number of entities in the newest snapshot.
    pub told: usize,
    /// The newest count it was ever shown of each entity: no older one may follow.
    counts: BTreeMap<EntityId, u32>,
}

impl Client {
    /// Takes a frame, however late it comes. An old one is ignored.
    pub fn receive(&mut self, frame: &[u8]) {
        let mut from = BitReader::new(frame);
        let head = ServerFrameHead::read(&mut from, &self.head).expect("a head that can be read");
        if head.tick <= self.head.tick {
            return;
        }
        self.head = head;
        self.told = 0;
        snapshot::read(&mut from, self).expect("a whole snapshot");
        let OwnState { position, facing } = self.state;
        // Only one's own entity comes without a course.
        self.own = self.own.or_else(|| Some(*self.shown.iter().find(|(_, shown)| shown.course.is_none())?.0));
        if let Some(own) = self.own {
            self.shown.entry(own).or_default().course = Some((head.tick, Course::standing(position, facing)));
        }
        assert!(self.shown.values().all(|shown| shown.course.is_some()), "all others come with a course");
        self.ack.note(head.tick);
    }
}

impl SnapshotVisitor for Client {
    fn own(&mut self, state: OwnState) {
        self.state = state;
    }

    fn despawn(&mut self, entity: EntityId) {
        assert_ne!(Some(entity), self.own, "one's own entity is never despawned");
        self.shown.remove(&entity);
    }

    fn entity(&mut self, entity: EntityId, is_new: bool) {
        self.told += usize::from(Some(entity) != self.own);
        if is_new {
            self.shown.insert(entity, Shown::default());
        }
        assert!(self.shown.contains_key(&entity), "{entity} is changed, and was never shown");
    }

    fn course(&mut self, entity: EntityId, course: Course) {
        assert_ne!(Some(entity), self.own, "where one's own entity is, is exact");
        self.shown.get_mut(&entity).expect("it is shown").course = Some((self.head.tick, course));
    }

    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        let shown = self.shown.get_mut(&entity).expect("a component of something that is shown");
        match id {
            Count::ID => {
                let count = Count::read(from)?.0;
                let newest = self.counts.entry(entity).or_default();
                assert!(count >= *newest, "{entity} counts back from {newest} to {count}");
                (*newest, shown.count) = (count, Some(count));
            }
            Mark::ID => shown.mark = Some(Mark::read(from)?.0),
            Secret::ID => {
                assert!(self.own.is_none_or(|own| own == entity), "a secret is for its owner");
                shown.secret = Some(Secret::read(from)?.0);
            }
            _ => return None,
        }
        Some(())
    }

    fn remove(&mut self, entity: EntityId, id: u8) {
        let shown = self.shown.get_mut(&entity).expect("only what was shown is removed");
        assert_eq!(id, Mark::ID, "nothing else is ever removed");
        shown.mark = None;
    }
}
