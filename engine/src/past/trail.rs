//! The places of one body in the last ticks.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::wire::Seen;

use super::{KEPT_TICKS, Lag, slot};

/// Where a body was at the end of each of the last ticks. It is written only in ticks in which the body has moved.
#[derive(Component, Debug, Clone, Default)]
pub struct Trail {
    places: [Position; KEPT_TICKS],
    /// The last tick in which the body has moved: it has stood there since.
    moved: Tick,
    /// The tick in which the body was put where the trail begins.
    begins: Tick,
}

impl Trail {
    /// The trail of a body that is put here.
    pub(super) fn beginning(at: Position, now: Tick) -> Self {
        Self { places: [at; KEPT_TICKS], moved: now, begins: now }
    }

    /// The body has moved. Returns where it was before.
    pub(super) fn extend(&mut self, to: Position, now: Tick) -> Position {
        let from = self.places[slot(self.moved)];
        for ago in 1..now.since(self.moved).min(KEPT_TICKS as u32) {
            self.places[slot(now.before(ago))] = from;
        }
        self.places[slot(now)] = to;
        self.moved = now;
        from
    }

    /// Where the body was at the end of a tick; `None` if it was not there yet, or if that is not kept any more.
    pub(super) fn at(&self, tick: Tick) -> Option<Position> {
        let is_kept = tick >= self.begins && self.moved.since(tick) < KEPT_TICKS as u32;
        is_kept.then(|| self.places[slot(tick.min(self.moved))])
    }

    /// Where a player with this lag saw the body: between two ticks on the way from one to the other.
    pub(super) fn shown(&self, lag: Lag, now: Tick) -> Option<Position> {
        let before = now.before(lag.ticks());
        let (from, part) = (self.at(before)?, lag.part() as i32);
        if part == 0 {
            return Some(from);
        }
        let to = self.at(before.after(1))?;
        let share = |from: i32, to: i32| from + (to - from) * part / Seen::PARTS as i32;
        Some(Position { x: share(from.x, to.x), y: share(from.y, to.y) })
    }
}
