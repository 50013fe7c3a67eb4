//! Reading a server frame as a list of changes, so that a bad frame changes nothing.

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::ComponentValue;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};

/// One change that a snapshot makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The own entity's state, in every snapshot. `true` if it is new and starts without components.
    Own(EntityId, bool, OwnState),
    /// The entity left the view.
    Despawn(EntityId),
    /// The entity has changes. `true` if it is new and starts without components.
    Entity(EntityId, bool),
    /// A component's new value.
    Component(EntityId, ComponentValue),
    /// A component was removed.
    Remove(EntityId, u8),
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Its head is cut short, or has only low bits before any snapshot was applied.
    #[error("a server frame without a head that can be read")]
    Head,
    /// Its snapshot is cut short or illegal.
    #[error("a snapshot that is cut short or has illegal bits")]
    Snapshot,
}

/// Reads the body of a server frame. `newest` is the head of the newest applied frame, `own` the own entity if known.
///
/// # Errors
/// [`FrameError::Head`] when the head cannot be read, [`FrameError::Snapshot`] when the snapshot is cut short or
/// illegal.
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
