//! How far bodies step at most, so that those who were somewhere else a moment ago are looked for no farther than they can be.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use super::{KEPT_TICKS, slot};

/// The longest step of anybody in each of the ticks that are kept, in units.
#[derive(Resource, Debug, Default)]
pub struct LongestStep {
    of_ticks: [i32; KEPT_TICKS],
    now: usize,
}

impl LongestStep {
    /// A tick begins: what was kept the longest is forgotten.
    pub(super) fn begin(&mut self, now: Tick) {
        self.now = slot(now);
        self.of_ticks[self.now] = 0;
    }

    pub(super) fn note(&mut self, from: Position, to: Position) {
        // At least the distance, without a root.
        let step = (to.x - from.x).abs() + (to.y - from.y).abs();
        self.of_ticks[self.now] = self.of_ticks[self.now].max(step);
    }

    /// At least as far as anybody has moved in any tick that is kept.
    pub(super) fn in_one_tick(&self) -> i32 {
        self.of_ticks.into_iter().max().unwrap_or(0)
    }
}
