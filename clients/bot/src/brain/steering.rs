//! From a goal to a heading: straight if nothing is in between, along a path if one is known, and sideways for a while
//! if the bot gets no nearer.

use std::collections::VecDeque;
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::movement::{Angle, CollisionGrid, Position, UNITS_PER_TILE};

use super::{later, route};

/// How near a bot gets to a goal. One step at full speed may be as long.
const THERE_UNITS: i32 = UNITS_PER_TILE / 5;
/// A goal that has moved further than this is a new goal.
const SAME_GOAL_UNITS: i32 = UNITS_PER_TILE;
const PLAN_EVERY: Duration = Duration::from_secs(2);
/// A bot that gets no nearer for this long is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(1);
const NEARER_UNITS: i32 = UNITS_PER_TILE / 8;

/// The path a bot is on.
#[derive(Debug, Default)]
pub struct Steering {
    goal: Option<Position>,
    way: VecDeque<Position>,
    planned_at: Duration,
    /// The next stop, how near the bot has got to it in units, and when.
    nearest: Option<(Position, i32, Duration)>,
    aside: Option<(Angle, Duration)>,
}

impl Steering {
    /// The heading from `at` toward the goal; `None` when the goal is reached.
    pub fn toward(
        &mut self,
        at: Position,
        goal: Position,
        grid: Option<&CollisionGrid>,
        now: Duration,
        rng: &mut Pcg64,
    ) -> Option<Angle> {
        if at.within(goal, THERE_UNITS) {
            *self = Self::default();
            return None;
        }
        let is_another = self.goal.is_none_or(|known| !known.within(goal, SAME_GOAL_UNITS));
        if is_another || now.saturating_sub(self.planned_at) > PLAN_EVERY {
            self.plan(at, goal, grid, now);
        }
        while self.way.len() > 1 && self.way.front().is_some_and(|stop| at.within(*stop, THERE_UNITS)) {
            self.way.pop_front();
        }
        let stop = if self.way.len() > 1 { self.way.front().copied().unwrap_or(goal) } else { goal };
        if let Some((angle, until)) = self.aside {
            if now < until {
                return Some(angle);
            }
            self.aside = None;
            self.nearest = None;
        }
        if self.is_stuck(at, stop, now) {
            let angle = Angle(Angle::between(at, stop).0.wrapping_add(rng.random_range(48..=208)));
            self.aside = Some((angle, later(now, 400..1_200, rng)));
            self.goal = None;
            return Some(angle);
        }
        Some(Angle::between(at, stop))
    }

    fn plan(&mut self, at: Position, goal: Position, grid: Option<&CollisionGrid>, now: Duration) {
        self.goal = Some(goal);
        self.planned_at = now;
        self.way.clear();
        // A body is wider than a line of sight, but it slides along a corner that it touches.
        if let Some(grid) = grid.filter(|grid| !grid.line_of_sight(at, goal)) {
            self.way = route::find(grid, at, goal).unwrap_or_default().into();
        }
    }

    fn is_stuck(&mut self, at: Position, stop: Position, now: Duration) -> bool {
        let distance = at.distance(stop);
        match self.nearest {
            Some((known, nearest, since))
                if known.within(stop, SAME_GOAL_UNITS) && distance > nearest - NEARER_UNITS =>
            {
                now - since > STUCK_AFTER
            }
            _ => {
                self.nearest = Some((stop, distance, now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use realmgate_protocol::movement::step;

    const RADIUS: i32 = 320;
    const TICK: Duration = Duration::from_millis(33);

    /// Ticks until the goal is reached in a world with these walls. `knows` says whether the bot knows them.
    fn ticks_to(rows: &[&str], from: Position, goal: Position, knows: bool) -> Option<u32> {
        let grid = CollisionGrid::from_rows(rows).unwrap();
        let mut rng = Pcg64::seed_from_u64(5);
        let (mut steering, mut at) = (Steering::default(), from);
        for tick in 0..6_000 {
            let Some(heading) = steering.toward(at, goal, knows.then_some(&grid), TICK * tick, &mut rng) else {
                return Some(tick);
            };
            let (dx, dy) = heading.scaled(130);
            at = step(&grid, at, RADIUS, dx, dy);
        }
        None
    }

    const WALLED: [&str; 5] = ["..........", ".########.", "........#.", ".########.", ".........."];

    #[test]
    fn a_known_wall_is_walked_around_without_detours() {
        let ticks = ticks_to(&WALLED, Position::tile_centre(4, 2), Position::tile_centre(9, 2), true);
        assert!(ticks.is_some_and(|ticks| ticks < 17 * 8), "17 tiles of 8 ticks, not {ticks:?}");
    }

    #[test]
    fn an_unknown_wall_is_got_around_in_the_end() {
        let wall = ["......", "......", "..##..", "......", "......"];
        let ticks = ticks_to(&wall, Position::tile_centre(2, 1), Position::tile_centre(2, 3), false);
        assert!(ticks.is_some(), "stuck for good");
    }

    #[test]
    fn open_ground_is_crossed_straight() {
        let (from, to) = (Position::tile_centre(0, 0), Position::tile_centre(9, 1));
        for knows in [false, true] {
            let ticks = ticks_to(&["..........", ".........."], from, to, knows);
            assert!(ticks.is_some_and(|ticks| ticks < 72), "9.1 tiles of 8 ticks, not {ticks:?}; known: {knows}");
        }
    }
}
