//! A world with a fighter behind a bad line and a mob that walks about, in simulated time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::prelude::Entity;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use realmgate_client::display::Display;
use realmgate_client::session::{Intent, Session};
use realmgate_engine::body::{At, Push};
use realmgate_engine::channel::{Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::input::InputBuffer;
use realmgate_engine::map::{MapSet, Rect};
use realmgate_engine::player::Players;
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_game::combat::Reach;
use realmgate_game::data::GameData;
use realmgate_game::maps::sketch;
use realmgate_game::mob::Mind;
use realmgate_game::spawn::MobArea;
use realmgate_game::stats::MobKind;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, EntityId, LockEpoch, MapId};
use realmgate_protocol::link::{CharacterLoad, SoftState};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::Health;
use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::{Action, Aim, Seen};
use realmgate_tests::conditioner::{Conditions, Line};

const TICK_HZ: u32 = 30;
const TICK: Duration = Duration::from_nanos(1_000_000_000 / TICK_HZ as u64);
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// Client ticks between two presses: more than the global cooldown of half a second.
const PRESS_EVERY: u32 = 18;
/// Walking speed of the mob: four tiles a second.
const SPEED: i32 = 136;
/// The mob turns back where it is farther from the fighter than this: twice the reach of the sweep.
const LEASH: i32 = 5 * 1_024;
/// The fighter walks back from farther than this.
const ROAMS: i32 = 4 * 1_024;
const HOME: Position = Position::tile_centre(16, 16);
/// The sweep of the fighter: 2.5 tiles far and 90 degrees wide, and the radius of the mob.
const SWEEP_SLOT: u8 = 1;
const SWEEP_UNITS: i32 = 2_560;
const SWEEP_HALF_WIDTH: u8 = 32;
const MOB_RADIUS: i32 = 307;
const HEALTH: u16 = 200;

/// What the fighter's client tells of what its player saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// As a client does.
    WhatItSaw,
    /// That it sees the present.
    Nothing,
}

/// What carries the frames of both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Datagrams, as over UDP and WebTransport.
    Datagrams,
    /// A stream, as over a WebSocket: what is lost comes later, and holds up what comes after it.
    Stream,
}

/// One direction of the line, and what is under way on it.
struct Way<T> {
    line: Line,
    carrier: Carrier,
    /// When the newest piece of a stream arrives.
    newest: Duration,
    under_way: Vec<(Duration, T)>,
}

impl<T: Clone> Way<T> {
    fn new(conditions: Conditions, carrier: Carrier, seed: u64) -> Self {
        Self { line: Line::new(conditions, seed), carrier, newest: Duration::ZERO, under_way: Vec::new() }
    }

    fn send(&mut self, now: Duration, bytes: usize, what: T) {
        let arrivals = match self.carrier {
            Carrier::Datagrams => self.line.send(now, bytes),
            Carrier::Stream => {
                self.newest = self.newest.max(self.line.send_segment(now, bytes));
                vec![self.newest]
            }
        };
        self.under_way.extend(arrivals.into_iter().map(|at| (at, what.clone())));
    }

    /// What has arrived by now, in the order in which it came.
    fn arrived(&mut self, now: Duration) -> Vec<T> {
        let (mut here, later): (Vec<_>, Vec<_>) = self.under_way.drain(..).partition(|(at, _)| *at <= now);
        self.under_way = later;
        here.sort_by_key(|(at, _)| *at);
        here.into_iter().map(|(_, what)| what).collect()
    }
}

/// On how many sweeps screen and server agree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement {
    /// Sweeps that the server let happen.
    pub swept: u32,
    /// Those of them that have hit on the screen.
    pub hits: u32,
    /// Those of them that screen and server agree on.
    pub agreed: u32,
}

impl Agreement {
    /// The share on which they agree.
    pub fn share(self) -> f64 {
        f64::from(self.agreed) / f64::from(self.swept.max(1))
    }
}

/// A sweep, and whether it has hit on the screen.
#[derive(Debug, Clone, Copy)]
struct Pressed {
    command: u32,
    hits: bool,
}

/// Both ends.
pub struct Lab {
    channel: Channel,
    session: Session,
    display: Display,
    player: Entity,
    mob: Entity,
    mob_id: EntityId,
    tells: Tells,
    random: Pcg32,
    up: Way<ClientFrame>,
    down: Way<Vec<u8>>,
    now: Duration,
    next_server: Duration,
    next_client: Duration,
    next_frame: Duration,
    /// Ticks until the mob turns.
    leg: u32,
    client_ticks: u32,
    heading: Option<Angle>,
    pressed: Vec<Pressed>,
    agreement: Agreement,
}

impl Lab {
    pub fn new(conditions: Conditions, carrier: Carrier, tells: Tells) -> Self {
        let mut channel = channel();
        let session_id = 1.into();
        let (character, account) = (CharacterId([1; 16]), AccountId([1; 16]));
        let soft = SoftState { map: MapId(1), x: HOME.x, y: HOME.y, health: 60_000, ..SoftState::default() };
        let load = CharacterLoad { soft: Some(soft), ..CharacterLoad::fresh(character, account, "fighter", "fighter") };
        channel.push(ToChannel::Join { session: session_id, epoch: LockEpoch(1), load });
        let hello = encode_reliable(&Session::hello()).unwrap();
        channel.push(ToChannel::Message { session: session_id, bytes: hello });
        let mut session = Session::new(Default::default(), None);
        for _ in 0..3 {
            channel.tick().unwrap();
            let outbox = channel.take_outbox();
            outbox.messages.iter().for_each(|message| drop(session.receive_message(&message.bytes)));
        }
        assert!(session.is_entered(), "the fighter is in the world");
        let player = channel.world().resource::<Players>().of_character(character).unwrap();
        let world = channel.world_mut();
        let (mob, mob_id) =
            world.query_filtered::<(Entity, &NetEntity), bevy_ecs::prelude::With<MobKind>>().single(world).unwrap();
        let mob_id = mob_id.0;
        // It fights nobody, and goes where the lab pushes it.
        channel.world_mut().entity_mut(mob).remove::<Mind>();
        Self {
            channel,
            session,
            display: Display::new(TICK_HZ as u16),
            player,
            mob,
            mob_id,
            tells,
            random: Pcg32::seed_from_u64(7),
            up: Way::new(conditions, carrier, 1),
            down: Way::new(conditions, carrier, 2),
            now: Duration::ZERO,
            next_server: Duration::ZERO,
            next_client: Duration::from_millis(7),
            next_frame: Duration::from_millis(3),
            leg: 0,
            client_ticks: 0,
            heading: None,
            pressed: Vec::new(),
            agreement: Agreement::default(),
        }
    }

    /// Sweeps again and again for so many seconds of the world.
    pub fn sweep_for(mut self, seconds: u32) -> Agreement {
        let end = Duration::from_secs(seconds.into());
        while self.now < end {
            self.now = self.next_server.min(self.next_client).min(self.next_frame);
            if self.now == self.next_server {
                self.next_server += TICK;
                self.server_tick();
            } else if self.now == self.next_client {
                self.client_tick();
            } else {
                self.next_frame += FRAME;
                self.receive();
                self.display.advance(&self.session, self.heading, self.now);
            }
        }
        self.agreement
    }

    fn server_tick(&mut self) {
        for frame in self.up.arrived(self.now) {
            let ClientFrame { ack, commands } = frame;
            self.channel.push(ToChannel::Frame { session: 1.into(), ack, commands });
        }
        self.walk_mob();
        let full = Replicated(Health { current: HEALTH, max: HEALTH });
        self.channel.world_mut().entity_mut(self.mob).insert(full);
        self.channel.tick().unwrap();
        self.judge();
        let outbox = self.channel.take_outbox();
        for message in &outbox.messages {
            self.session.receive_message(&message.bytes);
        }
        for (_, body) in outbox.frames.iter() {
            self.down.send(self.now, body.len(), body.to_vec());
        }
    }

    /// It walks straight for a second or three, turns or stands, and comes back where it leaves the fighter.
    fn walk_mob(&mut self) {
        let at = self.channel.world().get::<At>(self.mob).unwrap().0;
        let home = self.channel.world().get::<At>(self.player).unwrap().0;
        let is_astray = !at.within(home, LEASH) && self.leg < 60;
        if self.leg > 0 && !is_astray {
            self.leg -= 1;
            return;
        }
        let turn = if is_astray { Angle::between(at, home) } else { Angle(self.random.random()) };
        let (dx, dy) = if !is_astray && self.random.random_ratio(1, 5) { (0, 0) } else { turn.scaled(SPEED) };
        self.leg = if is_astray { 75 } else { self.random.random_range(30..90) };
        self.channel.world_mut().entity_mut(self.mob).insert(Push { dx, dy, ticks: u32::MAX });
    }

    /// Compares what the command of this tick has done with what the screen had shown.
    fn judge(&mut self) {
        let applied = self.channel.world().get::<InputBuffer>(self.player).unwrap().last_applied();
        let is_hit = self.channel.world().get::<Replicated<Health>>(self.mob).unwrap().current < HEALTH;
        self.pressed.retain(|pressed| pressed.command >= applied);
        let Some(at) = self.pressed.iter().position(|pressed| pressed.command == applied) else { return };
        let pressed = self.pressed.remove(at);
        self.agreement.swept += 1;
        self.agreement.hits += u32::from(pressed.hits);
        self.agreement.agreed += u32::from(pressed.hits == is_hit);
    }

    fn client_tick(&mut self) {
        self.receive();
        self.client_ticks += 1;
        if self.client_ticks.is_multiple_of(45) {
            let own = self.session.position().unwrap_or(HOME);
            // It walks about and stands by turns, and not into the safe zone in the corner.
            let towards = if own.within(HOME, ROAMS) { Angle(self.random.random()) } else { Angle::between(own, HOME) };
            self.heading = self.random.random_ratio(1, 2).then_some(towards);
        }
        let shown = self.display.place(&self.session, self.mob_id);
        let place = shown.map(|at| Position { x: at.x.round() as i32, y: at.y.round() as i32 });
        // The step is taken before the ability is used.
        let turned = |looks: Angle, by: i8| Angle(looks.0.wrapping_add_signed(by));
        let press = self.client_ticks > 150 && self.client_ticks.is_multiple_of(PRESS_EVERY);
        let own = self.session.position().unwrap_or(HOME);
        let looks = turned(place.map_or(Angle(0), |at| Angle::between(own, at)), self.random.random_range(-40..40));
        let action = (press && place.is_some()).then(|| Action::new(SWEEP_SLOT, Aim::Direction(looks)));
        let intent = Intent { heading: self.heading, action };
        let mut told = self.display.with_seen(intent);
        if self.tells == Tells::Nothing
            && let Some(action) = &mut told.action
        {
            action.seen = Some(Seen { tick: self.session.world.tick().after(31), part: 0 });
        }
        let sent = self.session.tick(told);
        if action.is_some()
            && let (Some(own), Some(at)) = (self.session.position(), place)
        {
            let cone = Reach::cone(own, SWEEP_UNITS, looks, SWEEP_HALF_WIDTH);
            let command = self.session.commands_issued();
            self.pressed.push(Pressed { command, hits: cone.touches(at, MOB_RADIUS) });
        }
        self.display.take_tick(&self.session, intent, self.now);
        self.next_client += self.session.pace().interval();
        self.up.send(self.now, 60, sent);
    }

    fn receive(&mut self) {
        for body in self.down.arrived(self.now) {
            if self.session.receive_frame(&body) {
                self.display.take_snapshot(&self.session, self.now);
            }
        }
    }
}

fn channel() -> Channel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../game/tests/world/data");
    let data = Arc::new(GameData::load(&folder).unwrap_or_else(|faults| panic!("{faults}")));
    let row = ".".repeat(32);
    let first = format!("S{}", &row[1..]);
    let rows: Vec<&str> = std::iter::once(first.as_str()).chain((1..32).map(|_| row.as_str())).collect();
    let mut map = sketch(MapId(1), &rows).unwrap();
    let rect = Rect::of_tiles((18, 16), (1, 1));
    let (name, mob) = ("area".to_owned(), "post".to_owned());
    map.set(vec![MobArea { name, rect, mob, count: 1, respawn_ms: 2_000, level: None }]);
    let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    let settings =
        ChannelSettings { key, map: Arc::new(map), tick_hz: TICK_HZ, seed: [3; 32], threads: Default::default() };
    let build = realmgate_game::build_world(data, Arc::new(MapSet::default()));
    let mut channel = Channel::new(settings, &build);
    channel.tick().unwrap();
    channel
}
