//! The persistence port: how a world hands over what must outlive it, without ever waiting.
//!
//! What players own changes by [`OwnedEvent`]s. The world submits one and goes on; when the store has committed it,
//! [`EventDone`] comes through the inbox at some later tick, and only then does the game change what it shows.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::EventKey;
use realmgate_protocol::link::{EventRefusal, OwnedEvent};

/// Events that wait for their outcome at most, per channel; beyond it, new ones are refused to the player as busy.
const MAX_PENDING: usize = 4_096;

/// Where systems put events.
#[derive(Resource, Debug, Default)]
pub struct PersistPort {
    submitted: Vec<OwnedEvent>,
    pending: usize,
}

/// Too many events wait for the store; nothing was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many changes wait for the store")]
pub struct StoreBusy;

impl PersistPort {
    /// Hands an event over. Its outcome comes as [`EventDone`] with the same key.
    pub fn submit(&mut self, event: OwnedEvent) -> Result<(), StoreBusy> {
        if self.pending >= MAX_PENDING {
            return Err(StoreBusy);
        }
        self.pending += 1;
        self.submitted.push(event);
        Ok(())
    }

    /// Events whose outcome is not known yet.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// What was submitted and not taken yet.
    pub(crate) fn submitted(&self) -> &[OwnedEvent] {
        &self.submitted
    }

    pub(crate) fn drain(&mut self) -> Vec<OwnedEvent> {
        std::mem::take(&mut self.submitted)
    }

    pub(crate) fn done(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }
}

/// What became of a submitted event.
#[derive(Message, Debug, Clone, Copy)]
pub struct EventDone {
    /// Which.
    pub key: EventKey,
    /// `None` when it is durable.
    pub refusal: Option<EventRefusal>,
}

/// Owns the port.
pub struct PersistPlugin;

impl Plugin for PersistPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<PersistPort>().add_message::<EventDone>();
    }
}
