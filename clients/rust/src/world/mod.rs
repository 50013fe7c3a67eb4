//! What the player sees: the entities as of the newest snapshot.

mod entity;
mod frame;

pub use entity::{EntityView, VisibleEntity};
pub use frame::{Change, FrameError, read_frame};

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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
        self.change(changes, head.tick);
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

    /// Makes the changes of a snapshot, each entity of which is looked up once.
    fn change(&mut self, changes: Vec<Change>, now: Tick) {
        let mut named: Option<&mut EntityView> = None;
        for change in changes {
            match (change, named.as_deref_mut()) {
                (Change::Own(state), _) => {
                    let own = self.entities.entry(self.own).or_default();
                    own.course = Some((now, Course::standing(state.position, state.facing)));
                    named = None;
                }
                (Change::Despawn(id), _) => {
                    self.entities.remove(&id);
                    named = None;
                }
                (Change::Entity(id, is_new), _) => named = Some(self.announced(id, is_new)),
                (Change::Course(course), Some(entity)) => entity.course = Some((now, course)),
                (Change::Component(value), Some(entity)) => entity.set(value),
                (Change::Remove(component), Some(entity)) => entity.unset(component),
                // A snapshot names an entity before it tells of it.
                (Change::Course(_) | Change::Component(_) | Change::Remove(_), None) => {}
            }
        }
    }

    /// The entity of an update.
    fn announced(&mut self, id: EntityId, is_new: bool) -> &mut EntityView {
        let is_own = id == self.own;
        match self.entities.entry(id) {
            Entry::Occupied(known) => {
                let entity = known.into_mut();
                if is_new {
                    // Where the own entity is was told before.
                    let course = entity.course.filter(|_| is_own);
                    *entity = EntityView { course, ..EntityView::default() };
                }
                entity
            }
            Entry::Vacant(unknown) => {
                self.unknown_entities += u64::from(!is_new);
                unknown.insert(EntityView::default())
            }
        }
    }
}

#[cfg(test)]
mod tests;
