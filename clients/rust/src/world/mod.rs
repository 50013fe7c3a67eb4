//! What the player sees: the entities of the newest snapshot.

mod entity;
mod snapshot;

pub use entity::EntityView;
pub use snapshot::{Change, FrameError, read_frame};

use std::collections::BTreeMap;

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};

/// The entities in view, as of the newest applied snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorldView {
    entities: BTreeMap<EntityId, EntityView>,
    ack: SnapshotAck,
    /// Components that came for an entity never announced: a broken promise of the server.
    unknown_entities: u64,
}

impl WorldView {
    /// Applies the body of a server frame. `Ok(None)` when it is not newer than what is shown; on an error nothing is
    /// changed.
    pub fn apply(&mut self, body: &[u8]) -> Result<Option<ServerFrameHead>, FrameError> {
        // An old frame is known by its head; the rest is not worth reading.
        let head = ServerFrameHead::read(&mut BitReader::new(body)).ok_or(FrameError::Head)?;
        if head.tick <= self.ack.newest {
            return Ok(None);
        }
        let (head, changes) = read_frame(body)?;
        changes.into_iter().for_each(|change| self.change(change));
        self.ack.note(head.tick);
        Ok(Some(head))
    }

    /// An entity in view.
    pub fn entity(&self, id: EntityId) -> Option<&EntityView> {
        self.entities.get(&id)
    }

    /// The entities in view, by id.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, &EntityView)> {
        self.entities.iter().map(|(id, entity)| (*id, entity))
    }

    /// The tick of the newest applied snapshot; 0 before the first.
    pub fn tick(&self) -> Tick {
        self.ack.newest
    }

    /// What to acknowledge.
    pub fn ack(&self) -> SnapshotAck {
        self.ack
    }

    /// How often the server named an entity that it had never announced.
    pub fn unknown_entities(&self) -> u64 {
        self.unknown_entities
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Despawn(id) => {
                self.entities.remove(&id);
            }
            Change::Entity(id, true) => {
                self.entities.insert(id, EntityView::default());
            }
            Change::Entity(id, false) => {
                if !self.entities.contains_key(&id) {
                    self.unknown_entities += 1;
                    self.entities.insert(id, EntityView::default());
                }
            }
            Change::Component(id, value) => self.entities.entry(id).or_default().set(value),
            Change::Remove(id, component) => self.entities.entry(id).or_default().unset(component),
        }
    }
}

#[cfg(test)]
mod tests;
