//! What a screen shows between ticks and snapshots, at any rate of frames: the own character moves in the frame in which
//! a key is pressed, others walk on, and nothing jumps.
//!
//! A [`Display`] stands beside a [`Session`] and is told what the session was told:
//!
//! ```
//! use std::time::Duration;
//!
//! use realmgate_client::display::Display;
//! use realmgate_client::session::{Intent, Session};
//!
//! # fn draw(_: realmgate_client::display::Point) {}
//! fn snapshot_came(session: &mut Session, display: &mut Display, body: &[u8], now: Duration) {
//!     if session.receive_frame(body) {
//!         display.take_snapshot(session, now);
//!     }
//! }
//!
//! fn client_tick(session: &mut Session, display: &mut Display, intent: Intent, now: Duration) {
//!     let _to_send = session.tick(display.with_seen(intent));
//!     display.take_tick(session, intent, now);
//! }
//!
//! fn screen_frame(session: &Session, display: &mut Display, intent: Intent, now: Duration) {
//!     display.advance(session, intent.heading, now);
//!     for (id, _entity) in session.world.entities() {
//!         display.place(session, id).into_iter().for_each(draw);
//!     }
//! }
//! # let (mut session, mut display) = (Session::new(Default::default(), None), Display::default());
//! # snapshot_came(&mut session, &mut display, &[], Duration::ZERO);
//! # client_tick(&mut session, &mut display, Intent::default(), Duration::ZERO);
//! # screen_frame(&session, &mut display, Intent::default(), Duration::ZERO);
//! ```

mod clock;
mod own;
mod smoothing;
mod track;

pub use clock::DisplayClock;
pub use smoothing::Smoothing;
pub use track::Track;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};
use realmgate_protocol::wire::Seen;

use crate::session::{Intent, Session};
use own::Own;
use smoothing::OTHERS_HALF_LIFE_MS;

/// How far beyond the newest snapshot others are shown, where the line is good enough.
const EXTRAPOLATION_MS: f64 = 150.0;
/// How far beyond the newest snapshot others go on at most, when no snapshot comes any more.
const BLACKOUT_MS: f64 = 300.0;
/// A correction that moves something by more than this in one frame is seen as a jerk, in units.
const VISIBLE_UNITS: f64 = 0.1 * UNITS_PER_TILE as f64;
/// Commands whose answer is waited for, to measure the round trip.
const MAX_ISSUED: usize = 128;

/// A point between units, in units (1/1,024 tile).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// From west to east.
    pub x: f64,
    /// From north to south.
    pub y: f64,
}

impl From<Position> for Point {
    fn from(Position { x, y }: Position) -> Self {
        Self { x: x.into(), y: y.into() }
    }
}

/// Counters of a display.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisplayCounters {
    /// Frames shown.
    pub frames: u64,
    /// Frames in which a correction moved the own character by more than 0.1 tile.
    pub visible_corrections: u64,
}

/// What a screen shows.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use realmgate_client::display::Display;
/// use realmgate_client::session::Session;
/// use realmgate_protocol::ids::EntityId;
///
/// let session = Session::new(Arc::default(), None);
/// let mut display = Display::new(30);
/// // Each frame of the screen.
/// display.advance(&session, None, Duration::from_millis(16));
/// assert_eq!(display.place(&session, EntityId(5)), None, "it is not in view");
/// assert_eq!(display.counters().frames, 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Display {
    clock: DisplayClock,
    own: Own,
    others: BTreeMap<EntityId, Other>,
    /// Numbers of commands, and when they were issued in milliseconds.
    issued: VecDeque<(u32, f64)>,
    /// The tick of the newest snapshot.
    newest: Tick,
    /// The tick in which others are shown.
    tick: f64,
    at_ms: f64,
    counters: DisplayCounters,
}

#[derive(Debug, Clone, PartialEq)]
struct Other {
    track: Track,
    smoothing: Smoothing,
}

impl Default for Other {
    fn default() -> Self {
        Self { track: Track::default(), smoothing: Smoothing::new(OTHERS_HALF_LIFE_MS) }
    }
}

impl Default for Display {
    fn default() -> Self {
        Self::new(30)
    }
}

impl Display {
    /// A display of a server with this tick rate, which `Welcome` tells.
    pub fn new(tick_hz: u16) -> Self {
        Self::with_extrapolation(tick_hz, Duration::from_micros((EXTRAPOLATION_MS * 1_000.0) as u64))
    }

    /// As [`Self::new`], but others are shown this far beyond the newest snapshot: farther is nearer to the server's
    /// present, and more has to be corrected. Zero shows only what the server has told.
    pub fn with_extrapolation(tick_hz: u16, extrapolation: Duration) -> Self {
        Self {
            clock: DisplayClock::new(tick_hz, ms(extrapolation)),
            own: Own::default(),
            others: BTreeMap::new(),
            issued: VecDeque::new(),
            newest: Tick(0),
            tick: 0.0,
            at_ms: 0.0,
            counters: DisplayCounters::default(),
        }
    }

    /// The clock: how late others are shown, and how long the way to the server is.
    pub fn clock(&self) -> &DisplayClock {
        &self.clock
    }

    /// The tick in which others are shown, with its fraction.
    pub fn tick(&self) -> f64 {
        self.tick
    }

    /// The intent with the moment at which others are shown in the last frame: the server hits those whom a shape has reached
    /// there. What an action says of it already is kept.
    pub fn with_seen(&self, mut intent: Intent) -> Intent {
        if let Some(action) = &mut intent.action
            && self.counters.frames > 0
        {
            // Halves upwards, so that every language rounds the same.
            let parts = (self.tick * f64::from(Seen::PARTS) + 0.5).floor() as u64;
            let (tick, part) = (parts / u64::from(Seen::PARTS), parts % u64::from(Seen::PARTS));
            action.seen.get_or_insert(Seen { tick: Tick(u32::try_from(tick).unwrap_or(u32::MAX)), part: part as u8 });
        }
        intent
    }

    /// The counters so far.
    pub fn counters(&self) -> DisplayCounters {
        self.counters
    }

    /// The session has applied a snapshot.
    pub fn take_snapshot(&mut self, session: &Session, now: Duration) {
        let (head, now_ms) = (session.world.head(), ms(now));
        self.newest = head.tick;
        self.clock.observe(head.tick, now_ms);
        while let Some((number, issued_at_ms)) = self.issued.pop_front_if(|(number, _)| *number <= head.last_command) {
            if number == head.last_command {
                let waited = (f64::from(head.buffered_commands) + 0.5) * self.clock.tick_ms();
                self.clock.observe_round_trip(now_ms - issued_at_ms - waited);
            }
        }
        self.own.reconciled(session, self.clock.tick_ms(), now_ms);
        let own = session.welcome().map(|welcome| welcome.entity);
        self.others.retain(|id, _| session.world.entity(*id).is_some());
        for (id, entity) in session.world.entities().filter(|(id, _)| Some(*id) != own) {
            if let Some((told_at, course)) = entity.course {
                let other = self.others.entry(id).or_default();
                let here = other.track.at(self.tick);
                if other.track.push(told_at, course)
                    && let (Some(here), Some(there)) = (here, other.track.at(self.tick))
                {
                    other.smoothing.correct(here, there);
                }
            }
        }
    }

    /// The session has issued a command.
    pub fn take_tick(&mut self, session: &Session, intent: Intent, now: Duration) {
        let now_ms = ms(now);
        if self.issued.len() == MAX_ISSUED {
            self.issued.pop_front();
        }
        self.issued.push_back((session.commands_issued(), now_ms));
        self.own.ticked(session, intent.heading, self.clock.tick_ms(), now_ms);
    }

    /// A frame is about to be drawn; `heading` is the direction that the player presses now.
    pub fn advance(&mut self, session: &Session, heading: Option<Angle>, now: Duration) {
        let now_ms = ms(now);
        let passed_ms = (now_ms - self.at_ms).max(0.0);
        self.at_ms = now_ms;
        let moved = self.own.frame(session, heading, self.clock.tick_ms(), (now_ms, passed_ms));
        self.counters.frames += 1;
        self.counters.visible_corrections += u64::from(moved > VISIBLE_UNITS);
        let last = f64::from(self.newest.0) + BLACKOUT_MS / self.clock.tick_ms();
        self.tick = self.clock.advance(now_ms).min(last);
        for other in self.others.values_mut() {
            other.smoothing.pass(passed_ms);
        }
    }

    /// Where an entity is shown in this frame; `None` if it is not in view.
    pub fn place(&self, session: &Session, entity: EntityId) -> Option<Point> {
        if session.welcome().is_some_and(|welcome| welcome.entity == entity) {
            return self.own.shown(session, self.clock.tick_ms(), self.at_ms);
        }
        let other = self.others.get(&entity)?;
        Some(other.smoothing.shown(other.track.at(self.tick)?))
    }
}

fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

#[cfg(test)]
mod lab;
#[cfg(test)]
mod techniques;
#[cfg(test)]
mod tests;
