//! Reading a server frame as a list of changes, so that a bad one changes nothing.

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::ComponentValue;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{self, SnapshotVisitor};

/// One change that a snapshot makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
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
    /// Its head is cut short.
    #[error("a server frame without a whole head")]
    Head,
    /// Its entities are cut short or illegal.
    #[error("a snapshot that is cut short or has illegal bits")]
    Snapshot,
}

/// Reads the body of a server frame.
pub fn read_frame(body: &[u8]) -> Result<(ServerFrameHead, Vec<Change>), FrameError> {
    let mut from = BitReader::new(body);
    let head = ServerFrameHead::read(&mut from).ok_or(FrameError::Head)?;
    let mut changes = Changes(Vec::new());
    snapshot::read(&mut from, &mut changes).ok_or(FrameError::Snapshot)?;
    Ok((head, changes.0))
}

struct Changes(Vec<Change>);

impl SnapshotVisitor for Changes {
    fn despawn(&mut self, entity: EntityId) {
        self.0.push(Change::Despawn(entity));
    }

    fn entity(&mut self, entity: EntityId, is_new: bool) {
        self.0.push(Change::Entity(entity, is_new));
    }

    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        self.0.push(Change::Component(entity, ComponentValue::read(id, from)?));
        Some(())
    }

    fn remove(&mut self, entity: EntityId, id: u8) {
        self.0.push(Change::Remove(entity, id));
    }
}
