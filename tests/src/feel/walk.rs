//! How a scripted player walks: as people do who look where they go.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use realmgate_client::session::Session;
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};

/// Frames for which a player walks in one direction, or stands: one second to three.
const LEG_FRAMES: std::ops::Range<u32> = 60..180;
/// Frames in a tick of the server, at least; a leg is looked at so many ticks ahead.
const FRAMES_PER_TICK: u32 = 2;
/// Nobody goes farther than this from where they began, on either axis: the players stay in each other's view.
const HOME_UNITS: i32 = 8 * UNITS_PER_TILE;
/// Further ticks for which the way must be free: a leg may last a little longer than was thought.
const SPARE_TICKS: u32 = 4;
/// Directions that are thought of before the best of them is taken.
const THOUGHTS: u32 = 16;

/// The script of one player.
#[derive(Debug)]
pub struct Walk {
    random: Pcg32,
    home: Option<Position>,
    heading: Option<Angle>,
    /// Frames until it does something else.
    leg: u32,
}

impl Walk {
    /// A script; the same seed on the same ground walks the same way.
    pub fn new(seed: u64) -> Self {
        Self { random: Pcg32::seed_from_u64(seed), home: None, heading: None, leg: 0 }
    }

    /// Stands from now on.
    pub fn stand(&mut self) {
        (self.heading, self.leg) = (None, u32::MAX);
    }

    /// The direction that is pressed now.
    pub fn heading(&self) -> Option<Angle> {
        self.heading
    }

    /// A frame begins: goes on from where it is, or does something else. The session knows the ground and how fast players are.
    pub fn frame(&mut self, session: &Session, at: Option<Position>) {
        if self.leg == 0
            && let Some(at) = at
        {
            self.leg = LEG_FRAMES.start + self.random.next_u32() % (LEG_FRAMES.end - LEG_FRAMES.start);
            // Standing now and then: a walk that begins and one that ends are what is hardest to show.
            let walks = self.heading.is_none() || !self.random.next_u32().is_multiple_of(4);
            self.heading = if walks { self.way(session, at) } else { None };
        }
        self.leg = self.leg.saturating_sub(1);
    }

    /// A direction in which the way is free for the whole leg; otherwise the freest, for as long as it is free.
    fn way(&mut self, session: &Session, at: Position) -> Option<Angle> {
        let ticks = self.leg / FRAMES_PER_TICK + SPARE_TICKS;
        let mut best = (0, None);
        for _ in 0..THOUGHTS {
            let heading = Angle(self.random.next_u32() as u8);
            let free = self.free_ticks(session, at, heading, ticks);
            if free > best.0 {
                best = (free, Some(heading));
            }
            if free == ticks {
                break;
            }
        }
        self.leg = best.0.saturating_sub(SPARE_TICKS) * FRAMES_PER_TICK;
        best.1.filter(|_| self.leg > 0)
    }

    /// For how many ticks one can walk on from here without touching a wall or leaving home, up to `most`. Who is not at
    /// home may come nearer.
    fn free_ticks(&mut self, session: &Session, from: Position, heading: Angle, most: u32) -> u32 {
        let home = *self.home.get_or_insert(from);
        let speed = session.own_entity().and_then(|own| own.move_speed.as_ref().map(|speed| speed.units_per_tick));
        let (dx, dy) = heading.scaled(i32::from(speed.unwrap_or(0)));
        let mut at = from;
        for tick in 0..most {
            let next = session.ahead(at, Some(heading));
            let is_homeward = next.within(home, HOME_UNITS) || next.distance_squared(home) < at.distance_squared(home);
            if next != at.offset(dx, dy) || !is_homeward {
                return tick;
            }
            at = next;
        }
        most
    }
}
