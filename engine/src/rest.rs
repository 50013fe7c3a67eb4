//! A channel rests while nobody is in it and nothing happens: of its ticks, only the clock goes on, and one a second is whole.
//!
//! Whether it rests follows from the world and its inbox alone, so that a replay rests in the same ticks. Who watches changes
//! nothing: a spectator of a channel at rest is shown what stands still.

use bevy_ecs::prelude::*;

use crate::body::{Asleep, Walk};
use crate::channel::Inbox;
use crate::clock::TickClock;
use crate::player::Players;
use crate::spectator::Spectators;

/// How long nothing has to happen before a channel rests, in seconds. What players leave behind goes on for so long: projectiles,
/// effects, messages between systems.
const QUIET_S: u32 = 10;

type Awake = QueryState<(), (With<Walk>, Without<Asleep>)>;

/// Decides before each tick of a channel whether it rests.
pub(crate) struct Rest {
    awake: Awake,
    quiet_ticks: u32,
}

impl Rest {
    /// For a channel whose first tick is still to come.
    pub(crate) fn new(world: &mut World) -> Self {
        Self { awake: world.query_filtered(), quiet_ticks: 0 }
    }

    /// Decides about the next tick. Returns whether nothing of it has to run: what has come in waits for a whole one.
    pub(crate) fn leaves_out(&mut self, world: &mut World) -> bool {
        let is_quiet = world.resource::<Players>().is_empty() && world.resource::<Inbox>().is_quiet();
        let is_quiet = is_quiet && self.awake.query(world).is_empty();
        self.quiet_ticks = if is_quiet { self.quiet_ticks.saturating_add(1) } else { 0 };
        let is_watched = !world.resource::<Spectators>().is_empty();
        let mut clock = world.resource_mut::<TickClock>();
        let rests = self.quiet_ticks > QUIET_S * clock.tick_hz();
        clock.set_resting(rests);
        clock.passes_by_next() && !is_watched
    }
}
