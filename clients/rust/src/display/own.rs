//! The player's own character between two ticks: it moves with every frame, in the direction that is pressed now.

use realmgate_protocol::movement::{Angle, Position};

use super::Point;
use super::smoothing::{OWN_HALF_LIFE_MS, Smoothing};
use crate::session::Session;

/// The own character, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Own {
    smoothing: Smoothing,
    motion: OwnMotion,
}

impl Default for Own {
    fn default() -> Self {
        Self { smoothing: Smoothing::new(OWN_HALF_LIFE_MS), motion: OwnMotion::default() }
    }
}

/// How it moves from the newest command on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct OwnMotion {
    /// Where the newest command has led it; `None` until the server has said where it is.
    from: Option<Position>,
    /// The direction that is pressed, which the next command will have.
    heading: Option<Angle>,
    /// When the newest command was issued, in milliseconds.
    since_ms: f64,
}

impl OwnMotion {
    /// Where it is at a moment, with the part of the next command that is due by then.
    fn at(&self, session: &Session, tick_ms: f64, now_ms: f64) -> Option<Point> {
        let share = ((now_ms - self.since_ms) / tick_ms).clamp(0.0, 1.0);
        let (from, to) = (Point::from(self.from?), Point::from(session.ahead(self.from?, self.heading)));
        // Not in whole units: a key that is pressed right after a tick moves it in the same frame, too.
        Some(Point { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share })
    }
}

impl Own {
    /// A command was issued with this direction.
    pub(super) fn ticked(&mut self, session: &Session, heading: Option<Angle>, tick_ms: f64, now_ms: f64) {
        let motion = OwnMotion { from: session.position(), heading, since_ms: now_ms };
        self.change(session, motion, tick_ms, now_ms);
    }

    /// The server has answered some commands, perhaps with a correction.
    pub(super) fn reconciled(&mut self, session: &Session, tick_ms: f64, now_ms: f64) {
        self.change(session, OwnMotion { from: session.position(), ..self.motion }, tick_ms, now_ms);
    }

    /// A frame is shown, with the direction that is pressed now. Returns by how far it has moved for corrections alone.
    pub(super) fn frame(
        &mut self,
        session: &Session,
        heading: Option<Angle>,
        tick_ms: f64,
        (now_ms, passed_ms): (f64, f64),
    ) -> f64 {
        self.change(session, OwnMotion { heading, ..self.motion }, tick_ms, now_ms);
        self.smoothing.pass(passed_ms)
    }

    /// Where it is shown; `None` until the server has said where it is.
    pub(super) fn shown(&self, session: &Session, tick_ms: f64, now_ms: f64) -> Option<Point> {
        Some(self.smoothing.shown(self.motion.at(session, tick_ms, now_ms)?))
    }

    /// What is shown now stays, and is led over to the new motion.
    fn change(&mut self, session: &Session, motion: OwnMotion, tick_ms: f64, now_ms: f64) {
        if motion == self.motion {
            return;
        }
        let here = self.motion.at(session, tick_ms, now_ms);
        self.motion = motion;
        if let (Some(here), Some(there)) = (here, motion.at(session, tick_ms, now_ms)) {
            self.smoothing.correct(here, there);
        }
    }
}
