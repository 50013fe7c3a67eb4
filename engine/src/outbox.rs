//! The outbox: everything that leaves a world in a tick.

use bevy_ecs::prelude::*;
use realmgate_protocol::link::FromMap;

use crate::transport::SessionId;

/// The output of one tick: filled during the tick, emptied by the host after it.
#[derive(Resource, Debug, Default)]
pub struct Outbox {
    /// Snapshots for clients.
    pub frames: FrameBatch,
    /// The game's reliable messages to clients.
    pub messages: Vec<OutMessage>,
    /// Connections to end, after everything sent to them before.
    pub disconnects: Vec<SessionId>,
    /// Messages for the map link, in order.
    pub link: Vec<FromMap>,
    /// Connections that broke the protocol in a way that only the game can detect. The host counts these and kicks
    /// repeat offenders.
    pub violations: Vec<SessionId>,
}

impl Outbox {
    /// Sends a reliable message, at most [`MAX_RELIABLE_BYTES`](realmgate_protocol::limits::MAX_RELIABLE_BYTES) long.
    pub fn send(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.messages.push(OutMessage { session, bytes, of_others: false });
    }

    /// Sends a reliable message that another player caused. It is dropped when the client does not keep up
    /// (backpressure).
    pub fn send_of_others(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.messages.push(OutMessage { session, bytes, of_others: true });
    }
}

/// A reliable message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutMessage {
    /// The connection to send to.
    pub session: SessionId,
    /// The encoded message.
    pub bytes: Vec<u8>,
    /// Whether another player caused it. A client that does not keep up with its own messages is disconnected in the
    /// end. Messages caused by others are dropped before that point, so that no player can get another one
    /// disconnected.
    pub of_others: bool,
}

/// Snapshots of one tick, end to end in one buffer, so that a steady tick allocates nothing for them. Each is the
/// content of a payload's [snapshot section](realmgate_protocol::wire::datagram::Section::Snapshot).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameBatch {
    bytes: Vec<u8>,
    /// For each snapshot, its connection and where it ends in `bytes`.
    ends: Vec<(SessionId, usize)>,
}

impl FrameBatch {
    /// Appends a snapshot; `write` appends its bytes to the buffer.
    pub fn write(&mut self, session: SessionId, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push((session, self.bytes.len()));
    }

    /// Moves the snapshots of `other` to the end of this.
    pub fn append(&mut self, other: &mut Self) {
        let before = self.bytes.len();
        self.bytes.append(&mut other.bytes);
        self.ends.extend(other.ends.drain(..).map(|(session, end)| (session, before + end)));
    }

    /// The snapshots in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((session, end), start)| (*session, &self.bytes[start..*end]))
    }

    /// The snapshot at this index, counted from 0 in the order written.
    pub fn get(&self, index: usize) -> Option<(SessionId, &[u8])> {
        let (session, end) = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((session, &self.bytes[start..end]))
    }

    /// Number of snapshots.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The length of all snapshots together.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no snapshots.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Removes all snapshots and keeps the allocated buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_snapshots_keep_their_bounds_and_leave_the_other_batch_empty() {
        let (mut batch, mut other) = (FrameBatch::default(), FrameBatch::default());
        batch.write(SessionId::from(1), |out| out.extend([1, 2]));
        other.write(SessionId::from(2), |out| out.push(3));
        other.write(SessionId::from(3), |_| {});
        batch.append(&mut other);
        let all: Vec<_> = batch.iter().collect();
        assert_eq!(all, [(SessionId::from(1), &[1, 2][..]), (SessionId::from(2), &[3]), (SessionId::from(3), &[])]);
        assert_eq!(other, FrameBatch::default());
    }

    #[test]
    fn snapshots_keep_their_bounds() {
        let mut batch = FrameBatch::default();
        batch.write(SessionId::from(1), |out| out.extend([1, 2]));
        batch.write(SessionId::from(2), |_| {});
        batch.write(SessionId::from(3), |out| out.push(3));
        let all: Vec<_> = batch.iter().collect();
        assert_eq!(all, [(SessionId::from(1), &[1, 2][..]), (SessionId::from(2), &[]), (SessionId::from(3), &[3])]);
        assert_eq!((0..4).map_while(|index| batch.get(index)).collect::<Vec<_>>(), all);
        batch.clear();
        assert_eq!((batch.len(), batch.iter().count()), (0, 0));
        batch.write(SessionId::from(4), |out| out.push(4));
        assert_eq!(batch.iter().collect::<Vec<_>>(), [(SessionId::from(4), &[4][..])], "nothing of the tick before");
    }
}
