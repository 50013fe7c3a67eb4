//! Where to go with nothing else to do: to an area with mobs, or anywhere.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};

use super::later;
use super::senses::{Me, Senses};

/// How near counts as having reached the place.
const THERE_UNITS: i32 = UNITS_PER_TILE;

/// The place a bot wanders to.
#[derive(Debug, Default)]
pub struct Wander {
    goal: Option<(Position, Duration)>,
}

impl Wander {
    /// Where to go. Picks another place once there, or when it takes too long.
    pub fn goal(&mut self, senses: &Senses<'_>, me: &Me<'_>, rng: &mut Pcg64) -> Position {
        if let Some((goal, until)) = self.goal
            && senses.now < until
            && !me.is_near(goal, THERE_UNITS)
        {
            return goal;
        }
        let goal = (0..8).map(|_| draw(senses, me, rng)).find(|goal| is_open(senses, *goal)).unwrap_or(me.at);
        self.goal = Some((goal, later(senses.now, 6_000..15_000, rng)));
        goal
    }
}

fn draw(senses: &Senses<'_>, me: &Me<'_>, rng: &mut Pcg64) -> Position {
    let areas = &senses.points_of_interest.mob_areas;
    if areas.is_empty() || rng.random_bool(0.2) {
        let (dx, dy) = Angle(rng.random()).scaled(rng.random_range(3..12) * UNITS_PER_TILE);
        return Position { x: (me.at.x + dx).max(0), y: (me.at.y + dy).max(0) };
    }
    areas[rng.random_range(0..areas.len())].point(rng.random(), rng.random())
}

fn is_open(senses: &Senses<'_>, place: Position) -> bool {
    let (x, y) = place.tile();
    senses.session.grid().is_none_or(|grid| !grid.is_solid(x, y))
}
