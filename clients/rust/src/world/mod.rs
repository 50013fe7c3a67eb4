//! What the player sees: the entities as of the newest snapshot.

mod entity;
mod frame;

pub use entity::{EntityView, VisibleEntity};
pub use frame::{Change, FrameError, read_frame};

use std::collections::BTreeMap;

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::Course;
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};

/// The entities in view, as of the newest applied snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorldView {
    entities: BTreeMap<EntityId, EntityView>,
    ack: SnapshotAck,
    /// The head of the newest applied snapshot.
    head: ServerFrameHead,
    own: EntityId,
    /// How often components came for an entity that was never announced, which the server promises not to do.
    unknown_entities: u64,
}

impl WorldView {
    /// A view of nothing yet, of a client that was welcomed in a tick, and whose own entity this is.
    pub fn new(own: EntityId, tick: Tick) -> Self {
        Self { own, head: ServerFrameHead { tick, ..ServerFrameHead::default() }, ..Self::default() }
    }

    /// Applies the body of a server frame. Returns `None` if it is not newer than the last applied one.
    ///
    /// # Errors
    /// [`FrameError::Head`] or [`FrameError::Snapshot`] when that part is cut short or illegal. Then nothing is
    /// changed.
    pub fn apply(&mut self, body: &[u8]) -> Result<Option<ServerFrameHead>, FrameError> {
        // An old frame is recognized by its head. The rest is not worth reading.
        let head = ServerFrameHead::read(&mut BitReader::new(body), &self.head).ok_or(FrameError::Head)?;
        if head.tick <= self.ack.newest {
            return Ok(None);
        }
        let (head, changes) = read_frame(body, &self.head)?;
        changes.into_iter().for_each(|change| self.change(change, head.tick));
        self.ack.note(head.tick);
        self.head = head;
        Ok(Some(head))
    }

    /// An entity in view.
    pub fn entity(&self, id: EntityId) -> Option<VisibleEntity<'_>> {
        self.entities.get(&id).map(|entity| VisibleEntity::new(entity, self.tick()))
    }

    /// All entities in view, by id.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, VisibleEntity<'_>)> {
        let now = self.tick();
        self.entities.iter().map(move |(id, entity)| (*id, VisibleEntity::new(entity, now)))
    }

    /// The tick of the newest applied snapshot; 0 before the first.
    pub fn tick(&self) -> Tick {
        self.ack.newest
    }

    /// The head of the newest applied snapshot.
    pub fn head(&self) -> ServerFrameHead {
        self.head
    }

    /// The snapshots to acknowledge.
    pub fn ack(&self) -> SnapshotAck {
        self.ack
    }

    /// How often the server updated an entity that it had never announced.
    pub fn unknown_entities(&self) -> u64 {
        self.unknown_entities
    }

    fn change(&mut self, change: Change, now: Tick) {
        match change {
            Change::Own(state) => {
                let own = self.entities.entry(self.own).or_default();
                own.course = Some((now, Course::standing(state.position, state.facing)));
            }
            Change::Despawn(id) => {
                self.entities.remove(&id);
            }
            Change::Entity(id, is_new) => {
                if !is_new && !self.entities.contains_key(&id) {
                    self.unknown_entities += 1;
                }
                let entity = self.entities.entry(id).or_default();
                if is_new {
                    // Where the own entity is was told before.
                    let course = entity.course.filter(|_| id == self.own);
                    *entity = EntityView { course, ..EntityView::default() };
                }
            }
            Change::Course(id, course) => self.entities.entry(id).or_default().course = Some((now, course)),
            Change::Component(id, value) => self.entities.entry(id).or_default().set(value),
            Change::Remove(id, component) => self.entities.entry(id).or_default().unset(component),
        }
    }
}

#[cfg(test)]
mod tests;
