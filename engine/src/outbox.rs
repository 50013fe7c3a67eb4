//! What leaves a world in a tick.

use bevy_ecs::prelude::*;
use realmgate_protocol::link::FromMap;

use crate::transport::SessionId;

/// Filled during a tick, emptied by the host after it.
#[derive(Resource, Debug, Default)]
pub struct Outbox {
    /// Snapshots.
    pub frames: FrameBatch,
    /// Reliable messages of the game, encoded.
    pub messages: Vec<(SessionId, Vec<u8>)>,
    /// Connections to end, after what was sent before.
    pub disconnects: Vec<SessionId>,
    /// Messages for the map link, in order.
    pub link: Vec<FromMap>,
    /// Connections that broke the protocol in what only the game can judge; the host counts and ends repeat offenders.
    pub violations: Vec<SessionId>,
}

impl Outbox {
    /// Sends a reliable message, at most [`MAX_RELIABLE_BYTES`](realmgate_protocol::limits::MAX_RELIABLE_BYTES) long.
    pub fn send(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.messages.push((session, bytes));
    }
}

/// Snapshots of one tick, end to end in one buffer, so that a steady tick allocates nothing for them. Each is what a
/// server frame holds after its version and kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameBatch {
    bytes: Vec<u8>,
    /// Whose each is, and where it ends.
    ends: Vec<(SessionId, usize)>,
}

impl FrameBatch {
    /// Appends the snapshot that `write` appends to the buffer.
    pub fn write(&mut self, session: SessionId, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push((session, self.bytes.len()));
    }

    /// The snapshots in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((session, end), start)| (*session, &self.bytes[start..*end]))
    }

    /// The one that was written as this one of all, counted from 0.
    pub fn get(&self, place: usize) -> Option<(SessionId, &[u8])> {
        let (session, end) = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((session, &self.bytes[start..end]))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets them and keeps the buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_keep_their_bounds() {
        let mut batch = FrameBatch::default();
        batch.write(SessionId(1), |out| out.extend([1, 2]));
        batch.write(SessionId(2), |_| {});
        batch.write(SessionId(3), |out| out.push(3));
        let all: Vec<_> = batch.iter().collect();
        assert_eq!(all, [(SessionId(1), &[1, 2][..]), (SessionId(2), &[]), (SessionId(3), &[3])]);
        assert_eq!((0..4).map_while(|place| batch.get(place)).collect::<Vec<_>>(), all);
        batch.clear();
        assert_eq!((batch.len(), batch.iter().count()), (0, 0));
    }
}
