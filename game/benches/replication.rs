//! The cost of a channel tick per player: input, movement, area of interest, snapshots and acknowledgements.
//!
//! `spread`: about 20 others in view. `crowd`: everybody in view of everybody. Every player walks, and takes another
//! direction once in 20 ticks; every snapshot is acknowledged before the next tick. Each on one thread and on two. `channels`:
//! four crowds, each in a channel of its own, which threads share as a map server's do.

#![expect(clippy::print_stdout, reason = "how long snapshots are belongs beside what they cost")]
#![expect(clippy::unwrap_used, reason = "what a bench cannot set up, ends it")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bevy_app::App;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use realmgate_engine::body::{At, Body, Speed};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings, ToChannel};
use realmgate_engine::map::Map;
use realmgate_engine::player::Players;
use realmgate_engine::replication::{ReplicateApp, Replicated, SeenBy};
use realmgate_engine::tick_threads::TickThreads;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::bits::{BitReader, BitWriter};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::movement::{Angle, CollisionGrid, Course, Position, UNITS_PER_TILE, step};
use realmgate_protocol::realm::{Health, Label};
use realmgate_protocol::wire::InputCommand;
use realmgate_protocol::wire::datagram::SnapshotAck;

/// The interest radius, and the step of a tick.
const RADIUS_TILES: f64 = 20.0;
const STEP_UNITS: i32 = 512;

struct Scene {
    channel: Channel,
    players: u64,
    tick: u32,
    bytes: usize,
}

impl Scene {
    /// Creates a number of players on a square with this many tiles per side, whose ticks these threads share.
    fn new(players: u64, side_tiles: usize, threads: &TickThreads) -> Self {
        let row = ".".repeat(side_tiles);
        let rows = vec![row.as_str(); side_tiles];
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let map = Arc::new(Map::sketch(MapId(1), &rows).unwrap());
        let build: BuildWorld = Arc::new(|app: &mut App| {
            app.replicate_wire::<Label>(SeenBy::All).replicate_wire::<Health>(SeenBy::All);
        });
        let settings = ChannelSettings { key, map, tick_hz: 20, seed: [1; 32], threads: threads.clone() };
        let mut channel = Channel::new(settings, &build);
        (1..=players).for_each(|player| channel.push(join(player)));
        channel.tick().unwrap();
        for player in 1..=players {
            let entity = channel.world().resource::<Players>().of_session(SessionId::from(player)).unwrap();
            let tile = |prime: u64| ((player * prime) % (side_tiles as u64 * 8)) as i32 * UNITS_PER_TILE / 8;
            let at = At(Position { x: tile(7_919) + 400, y: tile(104_729) + 400 });
            let label = Replicated(Label { name: format!("player {player}") });
            let health = Replicated(Health { current: 100, max: 100 });
            channel.world_mut().entity_mut(entity).insert((Body { radius: 320 }, at, Speed(STEP_UNITS), label, health));
        }
        let mut scene = Self { channel, players, tick: 1, bytes: 0 };
        (0..100).for_each(|_| scene.tick());
        scene
    }

    fn tick(&mut self) {
        for player in 1..=self.players {
            let ack = SnapshotAck { newest: Tick(self.tick), before: u32::MAX };
            let turn = (u64::from(self.tick) + player) / 20;
            let heading = Some(Angle((turn * 37 + player * 11) as u8));
            let command = InputCommand { number: self.tick, heading, action: None };
            self.channel.push(ToChannel::Frame {
                session: SessionId::from(player),
                ack,
                commands: [command].into_iter().collect(),
            });
        }
        self.channel.tick().unwrap();
        self.tick += 1;
        let mut outbox = self.channel.take_outbox();
        self.bytes = outbox.frames.iter().map(|(_, bytes)| bytes.len()).sum();
        outbox.frames.clear();
        self.channel.reuse(outbox.frames);
    }
}

fn join(player: u64) -> ToChannel {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&player.to_le_bytes());
    let load = CharacterLoad {
        character: CharacterId(id),
        account: AccountId(id),
        name: String::new(),
        class_id: String::new(),
        level: 1,
        experience: 0,
        gold: 0,
        items: Vec::new(),
        look: None,
        soft: None,
    };
    ToChannel::Join { session: SessionId::from(player), epoch: LockEpoch(1), load }
}

fn ticks(c: &mut Criterion) {
    let mut group = c.benchmark_group("tick");
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    let spread =
        |players: u64| (players as f64 * std::f64::consts::PI * RADIUS_TILES * RADIUS_TILES / 20.0).sqrt() as usize;
    let scenes =
        [("spread", 400, spread(400)), ("spread", 1_600, spread(1_600)), ("crowd", 400, 14), ("crowd", 1_600, 14)];
    for ((name, players, side), threads) in scenes.into_iter().flat_map(|scene| [(scene, 1), (scene, 2)]) {
        let mut scene = Scene::new(players, side, &tick_threads(threads));
        group.throughput(Throughput::Elements(players));
        group.bench_function(format!("{name}/{players}, threads: {threads}"), |b| b.iter(|| scene.tick()));
        let bytes = scene.bytes as f64 / players as f64;
        println!("{name}/{players}: {bytes:.1} bytes a snapshot in the last tick");
    }
    for count in [1, 2] {
        let threads = tick_threads(count);
        let mut scenes: Vec<Scene> = (0..4).map(|_| Scene::new(400, 14, &threads)).collect();
        group.throughput(Throughput::Elements(4 * 400));
        group.bench_function(format!("channels/4 of 400, threads: {count}"), |b| {
            b.iter(|| threads.share(scenes.iter_mut().map(|scene| || scene.tick())));
        });
    }
    group.finish();
}

fn tick_threads(count: usize) -> TickThreads {
    TickThreads::new(NonZeroUsize::new(count).unwrap())
}

fn codec(c: &mut Criterion) {
    let mut out = BitWriter::default();
    c.bench_function("codec/write 1,000 bytes in fields of 11 bits", |b| {
        b.iter(|| {
            out.clear();
            (0..727u64).for_each(|value| out.put(black_box(value), 11));
            out.len_bytes()
        });
    });
    let bytes = out.bytes().to_vec();
    c.bench_function("codec/read them", |b| {
        b.iter(|| {
            let mut from = BitReader::new(black_box(&bytes));
            (0..727).map(|_| from.take(11).unwrap_or(0)).sum::<u64>()
        });
    });
    let course = Course::going(Position { x: 100_000, y: 200_000 }, Angle(9), 500, 110);
    c.bench_function("codec/a course written and read", |b| {
        b.iter(|| {
            out.clear();
            course.write(&mut out);
            Course::read(&mut BitReader::new(out.bytes()), course.position)
        });
    });
}

fn movement(c: &mut Criterion) {
    let row = "..#.....".repeat(8);
    let rows: Vec<&str> = (0..64).map(|_| row.as_str()).collect();
    let grid = CollisionGrid::from_rows(&rows).unwrap();
    let mut at = Position::tile_centre(4, 32);
    let mut angle = Angle(0);
    c.bench_function("movement/step", |b| {
        b.iter(|| {
            angle = Angle(angle.0.wrapping_add(1));
            let (dx, dy) = angle.scaled(200);
            at = step(&grid, at, 320, dx, dy);
            at
        });
    });
}

criterion_group!(benches, ticks, codec, movement);
criterion_main!(benches);
