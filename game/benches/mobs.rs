//! The cost of mobs per tick: 20,000 with no player near, and 2,000 awake near players, with the shipped rules.
//!
//! `cargo bench -p realmgate-game --bench mobs`. Compares three worlds on one map with the same players: without mobs,
//! with sleeping mobs only, and with all. Takes the median over alternating rounds.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench keeps real time, and prints what it finds"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use realmgate_engine::channel::{Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::{MapSet, Rect};
use realmgate_engine::transport::SessionId;
use realmgate_game::data::GameData;
use realmgate_game::maps::sketch;
use realmgate_game::spawn::MobArea;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, SoftState};
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_protocol::realm::{ClientMessage, protocol_hash};
use realmgate_protocol::wire::datagram::SnapshotAck;

const SIDE_TILES: i32 = 1_000;
/// Players stand in a corner of the map, this far apart; mobs beyond [`AWAKE_TILES`] of the corner sleep.
const PLAYERS_PER_SIDE: i32 = 10;
const APART_TILES: i32 = 16;
const AWAKE_TILES: i32 = PLAYERS_PER_SIDE * APART_TILES;
/// Gap between the awake and the sleeping mobs: mobs wake at 24 tiles.
const GAP_TILES: i32 = 30;
const KINDS: [&str; 3] = ["rabbit", "boar", "wolf"];
const ROUNDS: usize = 5;
const TICKS: u32 = 100;

struct World {
    channel: Channel,
    players: Vec<SessionId>,
    tick_us: Vec<f64>,
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    let data =
        Arc::new(GameData::load(&folder).unwrap_or_else(|faults| panic!("the shipped data is wrong:\n{faults}")));
    let mut worlds = [(0, 0), (20_000, 0), (20_000, 2_000)].map(|(asleep, awake)| World::new(&data, asleep, awake));
    for _ in 0..ROUNDS {
        worlds.iter_mut().for_each(World::round);
    }
    let [nobody, asleep, all] = worlds.map(|world| median(world.tick_us));
    println!("| a tick with 100 players | µs | mobs alone |\n|---|---|---|");
    println!("| no mobs | {nobody:.0} | |");
    println!("| 20,000 mobs asleep | {asleep:.0} | {:.2} ms |", (asleep - nobody) / 1e3);
    println!("| 20,000 asleep, 2,000 awake | {all:.0} | {:.2} ms (target ≤ 2 ms) |", (all - nobody) / 1e3);
}

impl World {
    fn new(data: &Arc<GameData>, asleep: u16, awake: u16) -> Self {
        let rows = vec![".".repeat(SIDE_TILES as usize); SIDE_TILES as usize];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let mut map = sketch(MapId(1), &rows).expect("a map of open ground");
        let corner = Rect { min: tile(0, 0), max: tile(AWAKE_TILES, AWAKE_TILES) };
        let beyond = AWAKE_TILES + GAP_TILES;
        let rest = Rect { min: tile(beyond, beyond), max: tile(SIDE_TILES, SIDE_TILES) };
        map.set(areas(corner, awake).chain(areas(rest, asleep)).collect());
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let settings =
            ChannelSettings { key, map: Arc::new(map), tick_hz: 20, seed: [3; 32], threads: Default::default() };
        let build = realmgate_game::build_world(data.clone(), Arc::new(MapSet::default()));
        let mut world = Self { channel: Channel::new(settings, &build), players: Vec::new(), tick_us: Vec::new() };
        world.enter_all();
        // Until all mobs have spawned and are seen and acknowledged.
        for _ in 0..100 {
            world.tick();
        }
        world
    }

    fn enter_all(&mut self) {
        for number in 0..PLAYERS_PER_SIDE * PLAYERS_PER_SIDE {
            let session = SessionId::from(number as u64 + 1);
            let (x, y) = (number % PLAYERS_PER_SIDE, number / PLAYERS_PER_SIDE);
            let half = APART_TILES * UNITS_PER_TILE / 2;
            let at = tile(x * APART_TILES, y * APART_TILES).offset(half, half);
            self.channel.push(ToChannel::Join { session, epoch: LockEpoch(1), load: character(number as u8, at) });
            let hello = encode_reliable(&ClientMessage::Hello { protocol_hash: protocol_hash() });
            self.channel.push(ToChannel::Message { session, bytes: hello.expect("a short message") });
            self.players.push(session);
        }
    }

    /// Runs one tick, in which all players have acknowledged the last one. Returns how long it took.
    fn tick(&mut self) -> Duration {
        let newest = self.channel.world().resource::<TickClock>().now();
        for session in &self.players {
            let ack = SnapshotAck { newest, before: u32::MAX };
            self.channel.push(ToChannel::Frame { session: *session, ack, commands: Default::default() });
        }
        let begun = Instant::now();
        self.channel.tick().expect("the channel lives");
        let took = begun.elapsed();
        drop(self.channel.take_outbox());
        let events = self.channel.take_events();
        let outcomes = events.iter().map(|event| EventOutcome { key: event.key, refusal: None }).collect();
        self.channel.push(ToChannel::Committed { outcomes });
        took
    }

    fn round(&mut self) {
        let total: Duration = (0..TICKS).map(|_| self.tick()).sum();
        self.tick_us.push(total.as_secs_f64() * 1e6 / f64::from(TICKS));
    }
}

/// Spreads a number of mobs over a rectangle, in areas of at most 100.
fn areas(rect: Rect, mobs: u16) -> impl Iterator<Item = MobArea> {
    let count = i32::from(mobs / 100);
    let per_side = (1..).find(|side| side * side >= count).unwrap_or(1);
    let (width, height) = ((rect.max.x - rect.min.x) / per_side, (rect.max.y - rect.min.y) / per_side);
    (0..count).map(move |number| {
        let (column, row) = (number % per_side, number / per_side);
        let min = Position { x: rect.min.x + column * width, y: rect.min.y + row * height };
        MobArea {
            name: format!("area{}_{}", min.x, min.y),
            rect: Rect { min, max: Position { x: min.x + width, y: min.y + height } },
            mob: KINDS[number as usize % KINDS.len()].to_owned(),
            count: 100,
            respawn_ms: 2_000,
            level: None,
        }
    })
}

fn character(number: u8, at: Position) -> CharacterLoad {
    CharacterLoad {
        character: CharacterId([number + 1; 16]),
        account: AccountId([number + 1; 16]),
        name: format!("Player{number}"),
        class_id: "warrior".to_owned(),
        level: 20,
        experience: 38_250,
        gold: 0,
        items: Vec::new(),
        look: None,
        soft: Some(SoftState {
            map: MapId(1),
            x: at.x,
            y: at.y,
            health: 60_000,
            resource: 100,
            cooldowns: Vec::new(),
            ..SoftState::default()
        }),
    }
}

fn tile(x: i32, y: i32) -> Position {
    Position { x: x * UNITS_PER_TILE, y: y * UNITS_PER_TILE }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
