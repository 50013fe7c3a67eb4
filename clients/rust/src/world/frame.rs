//! Reading a server frame as a list of changes, so that a bad frame changes nothing.

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Course;
use realmgate_protocol::realm::ComponentValue;
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};

/// One change that a snapshot makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The own entity's state, in every snapshot.
    Own(OwnState),
    /// The entity left the view.
    Despawn(EntityId),
    /// The entity has changes, which follow. `true` if it is new and starts without components.
    Entity(EntityId, bool),
    /// That entity's new course.
    Course(Course),
    /// A component's new value.
    Component(ComponentValue),
    /// A component was removed.
    Remove(u8),
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Its head is cut short.
    #[error("truncated header of a server frame")]
    Head,
    /// Its snapshot is cut short or illegal.
    #[error("truncated or invalid snapshot")]
    Snapshot,
}

/// Reads the body of a server frame. `newest` is the head of the newest applied frame.
///
/// # Errors
/// [`FrameError::Head`] when the head cannot be read, [`FrameError::Snapshot`] when the snapshot is cut short or
/// illegal.
pub fn read_frame(body: &[u8], newest: &ServerFrameHead) -> Result<(ServerFrameHead, Vec<Change>), FrameError> {
    let mut from = BitReader::new(body);
    let head = ServerFrameHead::read(&mut from, newest).ok_or(FrameError::Head)?;
    let mut changes = Changes(Vec::new());
    snapshot::read(&mut from, &mut changes).ok_or(FrameError::Snapshot)?;
    Ok((head, changes.0))
}

struct Changes(Vec<Change>);

impl SnapshotVisitor for Changes {
    fn own(&mut self, state: OwnState) {
        self.0.push(Change::Own(state));
    }

    fn despawn(&mut self, entity: EntityId) {
        self.0.push(Change::Despawn(entity));
    }

    fn entity(&mut self, entity: EntityId, is_new: bool) {
        self.0.push(Change::Entity(entity, is_new));
    }

    fn course(&mut self, _: EntityId, course: Course) {
        self.0.push(Change::Course(course));
    }

    fn component(&mut self, _: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        self.0.push(Change::Component(ComponentValue::read(id, from)?));
        Some(())
    }

    fn remove(&mut self, _: EntityId, id: u8) {
        self.0.push(Change::Remove(id));
    }
}
