//! Reading a server frame as a list of changes, so that a bad one changes nothing.

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::ComponentValue;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};

/// One change that a snapshot makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Where the own entity is, in every snapshot; `true`: it is new and starts without components.
    Own(EntityId, bool, OwnState),
    /// The entity left the view.
    Despawn(EntityId),
    /// The entity has changes; `true`: it is new and starts without components.
    Entity(EntityId, bool),
    /// A component's new value.
    Component(EntityId, ComponentValue),
    /// A component is gone.
    Remove(EntityId, u8),
}

/// Why a frame can not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Its head is cut short, or short where nothing was applied yet.
    #[error("a server frame without a head that can be read")]
    Head,
    /// Its entities are cut short or illegal.
    #[error("a snapshot that is cut short or has illegal bits")]
    Snapshot,
}

/// Reads the body of a server frame, by the head of the newest one that was applied, and the own entity if it is known.
pub fn read_frame(
    body: &[u8],
    newest: &ServerFrameHead,
    own: Option<EntityId>,
) -> Result<(ServerFrameHead, Vec<Change>), FrameError> {
    let mut from = BitReader::new(body);
    let head = ServerFrameHead::read(&mut from, newest).ok_or(FrameError::Head)?;
    let mut changes = Changes { own, made: Vec::new() };
    snapshot::read(&mut from, &mut changes).ok_or(FrameError::Snapshot)?;
    Ok((head, changes.made))
}

struct Changes {
    own: Option<EntityId>,
    made: Vec<Change>,
}

impl SnapshotVisitor for Changes {
    fn own(&mut self, new: Option<EntityId>, state: OwnState) -> Option<EntityId> {
        let own = new.or(self.own)?;
        self.made.push(Change::Own(own, new.is_some(), state));
        Some(own)
    }

    fn despawn(&mut self, entity: EntityId) {
        self.made.push(Change::Despawn(entity));
    }

    fn entity(&mut self, entity: EntityId, is_new: bool) {
        self.made.push(Change::Entity(entity, is_new));
    }

    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        self.made.push(Change::Component(entity, ComponentValue::read(id, from)?));
        Some(())
    }

    fn remove(&mut self, entity: EntityId, id: u8) {
        self.made.push(Change::Remove(entity, id));
    }
}
