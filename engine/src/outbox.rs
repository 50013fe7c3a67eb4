//! What leaves a world in a tick.

use bevy_ecs::prelude::*;
use realmgate_protocol::link::FromMap;

use crate::transport::SessionId;

/// Filled during a tick, emptied by the host after it.
#[derive(Resource, Debug, Default)]
pub struct Outbox {
    /// Whole snapshot payloads.
    pub frames: Vec<(SessionId, Vec<u8>)>,
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
