//! Benchmarks of the spatial index: a tick in which every body walks, or sleeps, without any client, and a query for
//! the entities near a point.
//!
//! `cargo bench -p realmgate-engine --bench spatial`

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is of no use")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use realmgate_engine::body::{Asleep, At, Body, Speed, Walk};
use realmgate_engine::channel::{BuildWorld, Channel, ChannelKey, ChannelSettings};
use realmgate_engine::map::Map;
use realmgate_engine::replication::{InterestRange, NetEntities};
use realmgate_engine::spatial::SpatialIndex;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::movement::{Angle, Position, UNITS_PER_TILE};

const STEP_UNITS: i32 = 200;
/// Ticks until all bodies turn round, so that none reaches the edge.
const TURN_EVERY: u32 = 40;

struct Scene {
    channel: Channel,
    ticks: u32,
    middle: Position,
}

impl Scene {
    /// Spreads `bodies` evenly over a square of `side_tiles` tiles a side.
    fn new(bodies: u32, side_tiles: usize, asleep: bool) -> Self {
        let row = ".".repeat(side_tiles);
        let map = Arc::new(Map::sketch(MapId(1), &vec![row.as_str(); side_tiles]).unwrap());
        let key = ChannelKey { map: MapId(1), channel: ChannelId(1) };
        let build: BuildWorld = Arc::new(|_| {});
        let mut channel =
            Channel::new(ChannelSettings { key, map, tick_hz: 20, seed: [1; 32], threads: Default::default() }, &build);
        let side = side_tiles as u64 * UNITS_PER_TILE as u64;
        for body in 0..u64::from(bodies) {
            let place = |prime: u64| ((body * prime * 1_031) % side) as i32;
            let at = At(Position { x: place(7_919), y: place(104_729) });
            let world = channel.world_mut();
            let id = world.resource_mut::<NetEntities>().allocate();
            let walk = Walk((!asleep).then_some(Angle((body * 37) as u8)));
            let mut body = world.spawn((id, Body { radius: 320 }, at, walk, Speed(STEP_UNITS)));
            if asleep {
                body.insert(Asleep);
            }
        }
        let middle = Position { x: side as i32 / 2, y: side as i32 / 2 };
        let mut scene = Self { channel, ticks: 0, middle };
        (0..2 * TURN_EVERY).for_each(|_| scene.tick());
        scene
    }

    fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks.is_multiple_of(TURN_EVERY) {
            let world = self.channel.world_mut();
            let mut walks = world.query::<&mut Walk>();
            for mut walk in walks.iter_mut(world) {
                walk.0 = walk.0.map(Angle::opposite);
            }
        }
        self.channel.tick().unwrap();
    }

    /// Number of entities within the interest range of the middle.
    fn near(&self) -> usize {
        let world = self.channel.world();
        let range = world.resource::<InterestRange>().enter;
        world.resource::<SpatialIndex>().near(black_box(self.middle), range).count()
    }
}

fn ticks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spatial/tick");
    for (name, bodies, side_tiles, asleep) in
        [("spread", 1_600, 320, false), ("crowd", 1_600, 20, false), ("asleep", 20_000, 1_000, true)]
    {
        let mut scene = Scene::new(bodies, side_tiles, asleep);
        group.throughput(Throughput::Elements(bodies.into()));
        group.bench_function(name, |bencher| bencher.iter(|| scene.tick()));
    }
}

fn near(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spatial/near");
    for (name, bodies, side_tiles) in [("spread", 1_600, 320), ("crowd", 1_600, 20)] {
        let scene = Scene::new(bodies, side_tiles, false);
        group.throughput(Throughput::Elements(scene.near() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| scene.near()));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = ticks, near
}
criterion_main!(benches);
