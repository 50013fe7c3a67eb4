//! Those who watch a channel: without an entity, a character or a save.
//!
//! Spectators are beside the world, not in it. They do not come through the inbox, no system of the simulation reads them, and
//! what they are sent is not in the [outbox](crate::outbox): a recording is the same, byte for byte, whoever watches.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::wire::datagram::SnapshotAck;

use crate::map::Map;
use crate::outbox::{FrameBatch, OutMessage};
use crate::replication::ClientView;
use crate::transport::SessionId;

/// The spectators of a channel, what they have said, and what they are sent.
#[derive(Resource, Debug, Default)]
pub struct Spectators {
    watching: BTreeMap<SessionId, Spectator>,
    /// How many have come so far.
    came: u32,
    said: Vec<(SessionId, Vec<u8>)>,
    output: SpectatorOutput,
}

/// Somebody who watches.
#[derive(Debug)]
pub(crate) struct Spectator {
    pub view: ClientView,
    /// From where it looks.
    pub at: Position,
    /// Whom it follows.
    pub follow: Option<EntityId>,
    /// Tells spectators apart, so that not all look through their area of interest in the same tick.
    pub number: u32,
}

/// What leaves a channel for its spectators in a tick.
#[derive(Debug, Default)]
pub struct SpectatorOutput {
    /// Their snapshots.
    pub frames: FrameBatch,
    /// Their reliable messages.
    pub messages: Vec<OutMessage>,
    /// Those whose connection is to be ended, after everything sent to them before.
    pub ended: Vec<SessionId>,
    /// Those who have broken the protocol.
    pub violations: Vec<SessionId>,
}

impl Spectators {
    /// Lets somebody watch who looks from here at first.
    pub(crate) fn join(&mut self, session: SessionId, at: Position, now: Tick) {
        let spectator = Spectator { view: ClientView::new(now), at, follow: None, number: self.came };
        self.came = self.came.wrapping_add(1);
        self.watching.insert(session, spectator);
    }

    /// Forgets a spectator whose connection has ended.
    pub(crate) fn remove(&mut self, session: SessionId) {
        self.watching.remove(&session);
        self.said.retain(|(who, _)| *who != session);
    }

    /// Takes the snapshots that a spectator has applied.
    pub(crate) fn acknowledge(&mut self, session: SessionId, ack: SnapshotAck) {
        if let Some(spectator) = self.watching.get_mut(&session) {
            spectator.view.acknowledge(ack);
        }
    }

    /// Keeps a reliable message for the game, which reads it in the next tick.
    pub(crate) fn hear(&mut self, session: SessionId, bytes: Vec<u8>) {
        if self.watching.contains_key(&session) {
            self.said.push((session, bytes));
        }
    }

    /// Takes what is to be sent.
    pub(crate) fn take_output(&mut self) -> SpectatorOutput {
        std::mem::take(&mut self.output)
    }

    /// Gives back an empty batch for the next tick's snapshots.
    pub(crate) fn reuse(&mut self, frames: FrameBatch) {
        self.output.frames = frames;
    }

    /// Every spectator, and what is sent.
    pub(crate) fn parts(&mut self) -> (impl Iterator<Item = (SessionId, &mut Spectator)>, &mut SpectatorOutput) {
        (self.watching.iter_mut().map(|(session, spectator)| (*session, spectator)), &mut self.output)
    }

    /// Number of spectators.
    pub fn len(&self) -> usize {
        self.watching.len()
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.watching.is_empty()
    }

    /// Whether this connection watches.
    pub fn contains(&self, session: SessionId) -> bool {
        self.watching.contains_key(&session)
    }

    /// Takes the encoded messages of spectators, in the order in which they came.
    pub fn take_said(&mut self) -> Vec<(SessionId, Vec<u8>)> {
        std::mem::take(&mut self.said)
    }

    /// Sets where a spectator looks and whom it follows. A place outside of the map is moved to its edge.
    pub fn look(&mut self, session: SessionId, at: Position, follow: Option<EntityId>, map: &Map) {
        if let Some(spectator) = self.watching.get_mut(&session) {
            spectator.at = within(at, map);
            spectator.follow = follow;
        }
    }

    /// Sends a reliable message, at most [`MAX_RELIABLE_BYTES`](realmgate_protocol::limits::MAX_RELIABLE_BYTES) long.
    pub fn send(&mut self, session: SessionId, bytes: Vec<u8>) {
        self.output.messages.push(OutMessage { session, bytes, of_others: false });
    }

    /// Counts a breach of the protocol. The host ends those that go on.
    pub fn violation(&mut self, session: SessionId) {
        self.output.violations.push(session);
    }

    /// Ends a connection, after everything sent to it before.
    pub fn end(&mut self, session: SessionId) {
        self.output.ended.push(session);
    }
}

/// Where a spectator looks first: at the first place where players come in, or else at the middle of the map.
pub(crate) fn first_look(map: &Map) -> Position {
    let middle = |tiles: u32| (tiles as i32 / 2) * UNITS_PER_TILE;
    let middle = Position { x: middle(map.grid.width()), y: middle(map.grid.height()) };
    map.spawn_points().first().map_or(middle, |point| point.position)
}

fn within(at: Position, map: &Map) -> Position {
    let limit = |units: i32, tiles: u32| units.clamp(0, (tiles as i32 * UNITS_PER_TILE - 1).max(0));
    Position { x: limit(at.x, map.grid.width()), y: limit(at.y, map.grid.height()) }
}
