//! Traces of a whole display beside its session: snapshots over a bad line, client ticks and screen frames.

use std::collections::VecDeque;
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_client::display::Display;
use realmgate_client::session::{Intent, Session};
use realmgate_client::world::EntityView;
use realmgate_protocol::ids::{EntityId, MapId, Tick};
use realmgate_protocol::movement::{Angle, CollisionGrid, Course, Position, step};
use realmgate_protocol::realm::{MoveSpeed, ServerMessage, Status, status};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::{Action, Aim, InputCommand};
use serde_json::{Value, json};

use crate::Counts;
use crate::parts::place;
use crate::server::{BODY_RADIUS, OWN, Shown, greeting, hex, tell};

/// The entities whose places are asked for; the last is the own one, which has a place from the first snapshot on.
const ASKED: [EntityId; 4] = [EntityId(8), EntityId(9), EntityId(77), OWN];
/// Side of the map, in tiles.
const SIDE: usize = 20;
/// How long a trace is.
const LENGTH_US: u64 = 1_600_000;

/// What comes over the line, and when.
type Line<T> = VecDeque<(u64, T)>;

/// A server with one player, another who walks, and one who comes and goes.
struct Server {
    tick: u32,
    own: Position,
    speed: u16,
    is_rooted: bool,
    grid: Option<CollisionGrid>,
    last_command: u32,
    waiting: VecDeque<InputCommand>,
    other: Course,
    guest: Option<Course>,
    /// Ticks since the others were last told anew.
    untold: u32,
}

impl Server {
    fn tick(&mut self, random: &mut Pcg64) -> Vec<u8> {
        self.tick += 1;
        if let Some(command) = self.waiting.pop_front() {
            self.last_command = command.number;
            let units = if self.is_rooted { 0 } else { self.speed };
            let (dx, dy) = command.heading.map_or((0, 0), |heading| heading.scaled(units.into()));
            self.own = match &self.grid {
                Some(grid) => step(grid, self.own, BODY_RADIUS, dx, dy),
                None => Position { x: (self.own.x + dx).max(0), y: (self.own.y + dy).max(0) },
            };
        }
        if random.random_ratio(1, 40) {
            let most = if random.random_ratio(1, 4) { 5_000 } else { 500 };
            self.own = shifted(self.own, random, most);
        }
        if random.random_ratio(1, 60) {
            (self.speed, self.is_rooted) = (random.random_range(0..400), random.random_ratio(1, 4));
        }
        self.walk(random);
        self.bytes(random)
    }

    fn walk(&mut self, random: &mut Pcg64) {
        let mut turned = |course: Course| {
            let most = if random.random_ratio(1, 8) { 4_000 } else { 1 };
            let at = shifted(course.position, random, most);
            let facing = Angle(random.random());
            let (dx, dy) = if random.random_ratio(1, 4) { (0, 0) } else { facing.scaled(random.random_range(0..300)) };
            Course::going(at, facing, dx, dy + i32::from(random.random_ratio(1, 4)))
        };
        self.other = self.other.later(1);
        self.guest = self.guest.map(|guest| guest.later(1));
        self.untold += 1;
        if self.untold > 8 {
            self.untold = 0;
            self.other = turned(self.other);
            self.guest = self.guest.map(turned);
            self.guest = match self.guest {
                Some(_) if random.random_ratio(1, 4) => None,
                None if random.random_ratio(1, 2) => Some(self.other),
                same => same,
            };
        }
    }

    fn bytes(&self, random: &mut Pcg64) -> Vec<u8> {
        let head = ServerFrameHead {
            tick: Tick(self.tick),
            last_command: self.last_command,
            buffered_commands: self.waiting.len() as u8,
        };
        let own = EntityView {
            move_speed: Some(MoveSpeed { units_per_tick: self.speed }),
            status: Some(Status { flags: if self.is_rooted { status::ROOTED } else { 0 } }),
            ..EntityView::default()
        };
        let is_told = self.untold < 4;
        let others = [Some((8, self.other)), self.guest.map(|guest| (9, guest))].into_iter().flatten();
        Shown {
            head,
            at: self.own,
            own: random.random_ratio(2, 3).then_some(own),
            despawned: if self.guest.is_none() { vec![9] } else { Vec::new() },
            others: others.filter(|_| is_told).collect(),
        }
        .bytes()
    }
}

fn shifted(at: Position, random: &mut Pcg64, most: i32) -> Position {
    let axis =
        |axis: i32, random: &mut Pcg64| (axis + random.random_range(-most..=most)).clamp(0, SIDE as i32 * 1_024 - 1);
    Position { x: axis(at.x, random), y: axis(at.y, random) }
}

fn grid(random: &mut Pcg64) -> CollisionGrid {
    let mut row = || (0..SIDE).map(|_| if random.random_ratio(1, 8) { '#' } else { '.' }).collect::<String>();
    let rows: Vec<String> = (0..SIDE).map(|_| row()).collect();
    CollisionGrid::from_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
}

/// Both ends of a trace.
struct Trace {
    session: Session,
    display: Display,
    server: Server,
    to_client: Line<Vec<u8>>,
    to_server: Line<Vec<InputCommand>>,
    /// What the player presses.
    heading: Option<Angle>,
    newest: u32,
    steps: Vec<Value>,
}

/// Records a trace.
pub(crate) fn trace(random: &mut Pcg64, counts: &mut Counts) -> Value {
    let tick_hz = [10, 20, 30, 60][random.random_range(0..4)];
    let tick = random.random_range(0..100_000u32);
    let grid = random.random_ratio(2, 3).then(|| grid(random));
    let mut session = Session::new(Default::default(), None);
    let mut messages = greeting(Tick(tick), tick_hz, Vec::new(), Vec::new(), 0);
    messages.extend(grid.as_ref().map(|grid| ServerMessage::MapLayout {
        map: MapId(1),
        width: SIDE as u16,
        height: SIDE as u16,
        runs: grid.to_runs(),
        places: Vec::new(),
    }));
    let messages: Vec<_> = messages.iter().flat_map(|message| tell(&mut session, message)).collect();
    let extrapolation =
        [None, Some(0), Some(100_000), Some(random.random_range(0..300_000))][random.random_range(0..4)];
    let display = match extrapolation {
        Some(us) => Display::with_extrapolation(tick_hz, Duration::from_micros(us)),
        None => Display::new(tick_hz),
    };
    let home = Position::tile_centre(SIDE as i32 / 2, SIDE as i32 / 2);
    let server = Server {
        tick,
        own: home,
        speed: 136,
        is_rooted: false,
        grid,
        last_command: 0,
        waiting: VecDeque::new(),
        other: Course::standing(home, Angle(0)),
        guest: None,
        untold: 0,
    };
    let mut trace = Trace {
        session,
        display,
        server,
        to_client: Line::new(),
        to_server: Line::new(),
        heading: None,
        newest: tick,
        steps: Vec::new(),
    };
    trace.run(tick_hz, random, counts);
    let asked = ASKED.map(|id| id.0);
    json!({ "tickHz": tick_hz, "extrapolationUs": extrapolation, "messages": messages, "asked": asked, "steps": trace.steps })
}

impl Trace {
    fn run(&mut self, tick_hz: u16, random: &mut Pcg64, counts: &mut Counts) {
        let tick_us = 1_000_000 / u64::from(tick_hz);
        let began_us = random.random_range(0..1 << 42);
        let (delay_us, jitter_us) = (random.random_range(1_000..120_000), random.random_range(1..60_000));
        let frame_us = random.random_range(6_000..40_000);
        let (lost_percent, damaged_percent) = (random.random_range(0..20u8), random.random_range(0..10u8));
        let [mut server_us, mut client_us, mut show_us] = [began_us, began_us + 700, began_us + 4_000];
        let mut down_until_us = 0;
        loop {
            let now_us = server_us.min(client_us).min(show_us);
            if now_us > began_us + LENGTH_US {
                break;
            }
            let mut arrival = || {
                let is_lost = now_us < down_until_us || random.random_range(0..100) < lost_percent;
                (!is_lost).then(|| now_us + delay_us + random.random_range(0..jitter_us))
            };
            if now_us == server_us {
                server_us += tick_us;
                for commands in arrived(&mut self.to_server, now_us) {
                    self.take_commands(&commands);
                }
                let arrival = arrival();
                let mut frame = self.server.tick(random);
                if random.random_range(0..100) < damaged_percent {
                    let at = random.random_range(0..frame.len());
                    frame[at] ^= 1 << random.random_range(0..8u8);
                }
                self.to_client.extend(arrival.map(|arrival| (arrival, frame)));
                if random.random_ratio(1, 50) {
                    down_until_us = now_us + random.random_range(100_000..600_000);
                }
            } else if now_us == client_us {
                let arrival = arrival();
                let commands = self.client_tick(now_us, random, counts);
                self.to_server.extend(arrival.map(|arrival| (arrival, commands)));
                let late_us = if random.random_ratio(1, 30) { 150_000 } else { 0 };
                client_us += self.session.pace().interval().as_micros() as u64 + late_us;
            } else {
                show_us += frame_us + random.random_range(0..3_000);
                self.receive(now_us, counts);
                self.show(now_us, random, counts);
            }
        }
    }

    fn take_commands(&mut self, commands: &[InputCommand]) {
        for command in commands {
            let newest = self.server.waiting.back().map_or(self.server.last_command, |last| last.number);
            if command.number > newest && self.server.waiting.len() < 8 {
                self.server.waiting.push_back(*command);
            }
        }
    }

    fn client_tick(&mut self, now_us: u64, random: &mut Pcg64, counts: &mut Counts) -> Vec<InputCommand> {
        self.receive(now_us, counts);
        if random.random_ratio(1, 5) {
            self.heading = random.random_ratio(3, 4).then(|| Angle(random.random()));
        }
        let intent = Intent { heading: self.heading, action: None };
        let sent = self.session.tick(intent);
        self.display.take_tick(&self.session, intent, Duration::from_micros(now_us));
        self.steps.push(json!(["tick", now_us, self.heading, position(&self.session)]));
        sent.commands.iter().copied().collect()
    }

    fn receive(&mut self, now_us: u64, counts: &mut Counts) {
        for frame in arrived(&mut self.to_client, now_us) {
            let corrections = self.session.corrections();
            let is_applied = self.session.receive_frame(&frame);
            if is_applied {
                self.display.take_snapshot(&self.session, Duration::from_micros(now_us));
                self.newest = self.session.world.tick().0;
            }
            counts.note_if(!is_applied, "display: frame not applied");
            counts.note_if(self.session.corrections() > corrections, "display: correction");
            let result = json!([is_applied, position(&self.session), self.session.corrections()]);
            self.steps.push(json!(["frame", now_us, hex(&frame), result]));
        }
    }

    fn show(&mut self, now_us: u64, random: &mut Pcg64, counts: &mut Counts) {
        if random.random_ratio(1, 12) {
            self.heading = random.random_ratio(2, 3).then(|| Angle(random.random()));
        }
        let now = Duration::from_micros(now_us);
        let corrections = self.display.counters().visible_corrections;
        self.display.advance(&self.session, self.heading, now);
        let places = ASKED.map(|id| self.display.place(&self.session, id));
        counts.note_if(self.display.counters().visible_corrections > corrections, "display: visible correction");
        counts.note_if(places[3].is_some(), "display: own place");
        counts.note_if(places[0].is_some(), "display: other place");
        counts.note_if(places[0].is_some() && places[1].is_none(), "display: out of view");
        let (clock, counters) = (self.display.clock(), self.display.counters());
        let last = f64::from(self.newest) + 300.0 / clock.tick_ms();
        counts.note_if(self.display.tick() == last, "display: blackout");
        let line = [clock.jitter_ms(), clock.round_trip_ms(), clock.delay_ms()];
        let counters = [counters.frames, counters.visible_corrections];
        let pressed = Intent { heading: None, action: Some(Action::new(0, Aim::None)) };
        let seen = self.display.with_seen(pressed).action.and_then(|action| action.seen).unwrap();
        counts.note_if(seen.tick.0 < self.newest, "display: seen before the newest snapshot");
        counts.note_if(seen.tick.0 > self.newest, "display: seen beyond the newest snapshot");
        let seen = [seen.tick.0, seen.part.into()];
        let result = json!([counters, line, self.display.tick(), seen, places.map(place)]);
        self.steps.push(json!(["show", now_us, self.heading, result]));
    }
}

fn position(session: &Session) -> Value {
    session.position().map_or(Value::Null, |at| json!([at.x, at.y]))
}

/// What has arrived by now, in the order in which it came, which is not always that in which it was sent.
fn arrived<T>(line: &mut Line<T>, now_us: u64) -> Vec<T> {
    let (mut here, later): (Vec<_>, Vec<_>) = line.drain(..).partition(|(at, _)| *at <= now_us);
    line.extend(later);
    here.sort_by_key(|(at, _)| *at);
    here.into_iter().map(|(_, what)| what).collect()
}
