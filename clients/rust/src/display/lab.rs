//! A server, a client and a bad line between them, in simulated time: for tests of what is shown.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg32;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{MoveSpeed, Rules};
use realmgate_protocol::wire::InputCommand;
use realmgate_protocol::wire::datagram::{ClientFrame, ServerFrameHead};

use super::{Display, Point};
use crate::session::testing::{OWN, Shown, entered_with};
use crate::session::{Intent, Session};
use crate::world::EntityView;

const TICK: Duration = Duration::from_nanos(1_000_000_000 / 30);
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// How long TCP waits before it sends a lost segment again: longer than it mostly does, since the next one tells of the loss.
const RESEND_AFTER: Duration = Duration::from_millis(200);
/// Walking speed in units per tick: four tiles a second.
const SPEED: i32 = 136;
/// Another player, who walks about.
pub(super) const OTHER: EntityId = EntityId(9);

/// A line, each way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) delay_ms: u64,
    /// How much later a packet may come, at most.
    pub(super) jitter_ms: u64,
    pub(super) lost_percent: u32,
    /// Over TCP: what is lost comes after a resend, and what follows waits for it.
    pub(super) is_tcp: bool,
}

/// One frame, as it was shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picture {
    pub(super) own: Point,
    /// Where the other was shown, and where it was at that moment.
    pub(super) other: Point,
    pub(super) other_truth: Point,
}

/// Both ends.
pub(super) struct Lab {
    pub(super) session: Session,
    pub(super) display: Display,
    line: Line,
    random: Pcg32,
    pub(super) now: Duration,
    to_server: VecDeque<(Duration, ClientFrame)>,
    to_client: VecDeque<(Duration, Vec<u8>)>,
    server: Server,
    next: Due,
    pub(super) heading: Option<Angle>,
    /// While it is set, nothing gets through.
    pub(super) is_down: bool,
    /// Set when the other has left the view.
    pub(super) is_alone: bool,
}

#[derive(Debug, Default)]
struct Due {
    server: Duration,
    client: Duration,
    frame: Duration,
}

#[derive(Debug)]
struct Server {
    tick: u32,
    own: Position,
    waiting: VecDeque<InputCommand>,
    last_command: u32,
    other: Course,
    /// When the other's course began, and the newest snapshot that the client has: until then it is sent.
    told_at: u32,
    acknowledged: u32,
    /// The tick in which it walks elsewhere.
    turns_at: u32,
}

impl Lab {
    pub(super) fn new(seed: u64, line: Line, extrapolation: Duration) -> Self {
        let place = Position::tile_centre(30, 30);
        Self {
            session: entered_with(30, Vec::new(), Rules::default()),
            display: Display::with_extrapolation(30, extrapolation),
            line,
            random: Pcg32::seed_from_u64(seed),
            now: Duration::ZERO,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            server: Server {
                tick: 1_000,
                own: place,
                waiting: VecDeque::new(),
                last_command: 0,
                other: Course::standing(place, Angle(0)),
                told_at: 1_000,
                acknowledged: 0,
                turns_at: 1_030,
            },
            next: Due::default(),
            heading: None,
            is_down: false,
            is_alone: false,
        }
    }

    /// Pushes the player's character aside, as the server alone can.
    pub(super) fn push(&mut self, dx: i32) {
        self.server.own = self.server.own.offset(dx, 0);
    }

    /// Runs until the next frame is shown.
    pub(super) fn frame(&mut self) -> Picture {
        self.run(self.next.frame);
        self.next.frame += FRAME;
        self.picture()
    }

    /// Shows a frame so soon after the client's next tick. A key is pressed between the two.
    pub(super) fn frame_after_tick(&mut self, after: Duration, key: Angle) -> Picture {
        let tick = self.next.client;
        self.run(tick);
        self.heading = Some(key);
        self.next.frame = tick + after;
        self.frame()
    }

    /// Runs the ticks of both ends up to a moment, those of that moment too.
    fn run(&mut self, until: Duration) {
        loop {
            self.now = self.next.server.min(self.next.client);
            if self.now > until {
                self.now = until;
                return;
            }
            if self.now == self.next.server {
                self.next.server += TICK;
                self.server_tick();
            } else {
                self.client_tick();
            }
        }
    }

    /// When a packet arrives that is sent now, after one that arrives at `before`; `None` when it never does.
    fn arrival(&mut self, before: Option<Duration>) -> Option<Duration> {
        let is_lost = self.random.next_u32() % 100 < self.line.lost_percent;
        let late_us = self.random.next_u32() % (self.line.jitter_ms as u32 * 1_000 + 1);
        let delay = Duration::from_millis(self.line.delay_ms) + Duration::from_micros(late_us.into());
        let arrival = self.now + delay;
        match (self.is_down, self.line.is_tcp) {
            (true, _) => None,
            (false, false) => (!is_lost).then_some(arrival),
            (false, true) if is_lost => Some(before.unwrap_or_default().max(arrival + RESEND_AFTER)),
            (false, true) => Some(before.unwrap_or_default().max(arrival)),
        }
    }

    fn server_tick(&mut self) {
        while let Some((_, frame)) = pop_arrived(&mut self.to_server, self.now) {
            self.server.acknowledged = self.server.acknowledged.max(frame.ack.newest.0);
            for command in frame.commands.iter().copied() {
                let newest = self.server.waiting.back().map_or(self.server.last_command, |last| last.number);
                if command.number > newest && self.server.waiting.len() < 8 {
                    self.server.waiting.push_back(command);
                }
            }
        }
        let server = &mut self.server;
        server.tick += 1;
        if let Some(command) = server.waiting.pop_front() {
            server.last_command = command.number;
            if let Some(heading) = command.heading {
                let (dx, dy) = heading.scaled(SPEED);
                server.own = server.own.offset(dx, dy);
            }
        }
        server.other = server.other.later(1);
        if server.tick == server.turns_at {
            let (dx, dy) = Angle(self.random.random()).scaled(SPEED);
            // It comes back where it would leave the screen.
            let home =
                |axis: i32, step: i32| if (axis - 30 * 1_024) * step > 5 * 1_024 * step.abs() { -step } else { step };
            let at = server.other.position;
            let (dx, dy) = (home(at.x, dx), home(at.y, dy));
            server.other = Course::going(at, Angle::between(at, at.offset(dx, dy)), dx, dy);
            server.told_at = server.tick;
            server.turns_at = server.tick + 30 + self.random.next_u32() % 60;
        }
        let head = ServerFrameHead {
            tick: Tick(server.tick),
            last_command: server.last_command,
            buffered_commands: server.waiting.len() as u8,
        };
        let gone = self.is_alone.then_some(OTHER);
        let is_told = server.acknowledged < server.told_at && gone.is_none();
        let others = is_told.then_some((OTHER.0, server.other)).into_iter().collect();
        let own = EntityView { move_speed: Some(MoveSpeed { units_per_tick: SPEED as u16 }), ..EntityView::default() };
        let frame = Shown { head, at: server.own, own, others, gone }.bytes();
        if let Some(arrival) = self.arrival(self.to_client.back().map(|(arrival, _)| *arrival)) {
            self.to_client.push_back((arrival, frame));
        }
    }

    fn client_tick(&mut self) {
        self.receive();
        let intent = Intent { heading: self.heading, action: None };
        let sent = self.session.tick(self.display.with_seen(intent));
        self.display.take_tick(&self.session, intent, self.now);
        self.next.client += self.session.pace().interval();
        if let Some(arrival) = self.arrival(self.to_server.back().map(|(arrival, _)| *arrival)) {
            self.to_server.push_back((arrival, sent));
        }
    }

    fn receive(&mut self) {
        while let Some((_, frame)) = pop_arrived(&mut self.to_client, self.now) {
            if self.session.receive_frame(&frame) {
                self.display.take_snapshot(&self.session, self.now);
            }
        }
    }

    fn picture(&mut self) -> Picture {
        self.receive();
        self.display.advance(&self.session, self.heading, self.now);
        let place = |id| self.display.place(&self.session, id).unwrap_or_default();
        let (dx, dy) = self.server.other.step();
        let share = 1.0 - (self.next.server - self.now).as_secs_f64() / TICK.as_secs_f64();
        let truth = Point::from(self.server.other.position);
        let other_truth = Point { x: truth.x + f64::from(dx) * share, y: truth.y + f64::from(dy) * share };
        Picture { own: place(OWN), other: place(OTHER), other_truth }
    }
}

/// What has arrived first, if anything has.
fn pop_arrived<T>(line: &mut VecDeque<(Duration, T)>, now: Duration) -> Option<(Duration, T)> {
    let first = (0..line.len()).min_by_key(|index| line[*index].0)?;
    if line[first].0 <= now { line.remove(first) } else { None }
}
