//! The same inputs give the same world, here and on the machine where the golden recording was made; and health never
//! wraps, whatever happens.

use std::num::NonZeroUsize;
use std::path::Path;

use proptest::prelude::*;
use realmgate_engine::record::{RecordingEnd, Replay, ReplayError, Replayed};
use realmgate_engine::replication::Replicated;
use realmgate_engine::tick_threads::TickThreads;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{Health, protocol_hash};
use realmgate_protocol::wire::Aim;

use crate::fight::{Fight, Shipped};
use crate::scene::{Scene, tile};

const FIELD: [&str; 8] = [
    "S...............",
    "................",
    "....##..........",
    "....#...........",
    "..........###...",
    "................",
    "................",
    "................",
];
const MOBS: [(&str, (i32, i32)); 7] = [
    ("boar", (8, 2)),
    ("wolf", (9, 6)),
    ("wolf", (12, 6)),
    ("archer", (13, 1)),
    ("king", (8, 5)),
    ("rabbit", (3, 6)),
    // One blow of it takes more health than anybody has.
    ("killer", (15, 0)),
];

type Deed = (u8, u8, u8, u8);

fn play(deeds: &[Deed]) -> (Vec<realmgate_engine::record::StateHash>, Vec<Health>) {
    let mut scene = Scene::new(&FIELD, &MOBS);
    scene.enter(1, "fighter", tile(6, 4));
    scene.enter(2, "caster", tile(6, 6));
    // Whatever these two do, one stands where it is killed, and one rests.
    scene.enter(3, "fighter", tile(14, 0));
    scene.enter(4, "fighter", tile(0, 0));
    let mut hashes = Vec::new();
    let mut seen = Vec::new();
    for (player, slot, angle, goal) in deeds {
        let (player, mobs) = (1 + player % 2, ["boar", "wolf", "archer", "king", "rabbit"]);
        let kind = mobs[usize::from(*goal) % mobs.len()];
        let one = scene.mobs(kind).first().copied().unwrap_or(scene.player(1));
        let aim = match goal % 4 {
            0 => Aim::None,
            1 => Aim::Direction(Angle(*angle)),
            2 => Aim::Point(scene.at(one)),
            _ => Aim::Entity(scene.id(one)),
        };
        scene.command(player, (*angle > 60).then_some(Angle(*angle)), Some((slot % 8, aim)));
        scene.ticks(4);
        hashes.push(scene.channel.state_hash());
        let world = scene.channel.world_mut();
        seen.extend(world.query::<&Replicated<Health>>().iter(world).map(|health| health.0.clone()));
    }
    (hashes, seen)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_fight_replays_to_the_same_world_and_no_health_leaves_its_bounds(
        deeds in prop::collection::vec(any::<Deed>(), 20..60),
    ) {
        let (first, seen) = play(&deeds);
        let (second, _) = play(&deeds);
        let moves = first.iter().any(|hash| *hash != first[0]);
        prop_assert!(moves, "something happens");
        prop_assert_eq!(first, second, "chance comes from the seed alone");
        prop_assert!(seen.iter().all(|health| health.current <= health.max), "{:?}", seen);
        prop_assert!(seen.iter().any(|health| health.current == 0), "somebody dies");
    }
}

const GOLDEN_PLAYERS: u16 = 4;
const GOLDEN_TICKS: u32 = 300;

fn threads(count: usize) -> TickThreads {
    TickThreads::eager(NonZeroUsize::new(count).expect("at least one"))
}

fn replay(bytes: &[u8], shipped: &Shipped, threads: TickThreads) -> Result<Replayed, ReplayError> {
    let mut recording = Replay::open(bytes)?;
    recording.share_ticks(threads);
    recording.check(protocol_hash(), &shipped.sources)?;
    recording.run(shipped.map.clone(), &shipped.build, |_| {})
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line; this asks for a new golden recording")]
fn is_to_be_made_anew() -> bool {
    std::env::var_os("UPDATE_VECTORS").is_some()
}

/// `tests/tests/processes/replay.rs` replays the same file with the server itself.
#[test]
fn the_golden_recording_replays_to_the_same_hashes_in_every_build() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/golden.rec");
    let shipped = Shipped::load();
    if is_to_be_made_anew() {
        let mut fight = Fight::start(&shipped, GOLDEN_PLAYERS, 30, Default::default(), Vec::new());
        fight.ticks(GOLDEN_TICKS);
        std::fs::write(&file, fight.finish()).unwrap();
    }
    let golden = std::fs::read(&file).unwrap();
    for count in [1, 2, 4] {
        let replayed = replay(&golden, &shipped, threads(count)).unwrap_or_else(|error| {
            panic!(
                "on {count} threads: {error}\nThis is right after a change of data, maps, rules or protocol, and wrong after any \
                 other. UPDATE_VECTORS=1 cargo test -p realmgate-game --test world golden_recording makes {} anew.",
                file.display()
            )
        });
        assert_eq!((replayed.ticks, replayed.end), (GOLDEN_TICKS, RecordingEnd::Whole));
    }
}

#[test]
fn a_fight_on_the_shipped_maps_replays_to_the_state_it_had_on_any_number_of_threads() {
    let shipped = Shipped::load();
    let mut fight = Fight::start(&shipped, 12, 20, threads(3), Vec::new());
    let last = fight.ticks(200);
    let world = fight.channel.world_mut();
    let hurt = world.query::<&Replicated<Health>>().iter(world).filter(|health| health.current < health.max).count();
    assert!(hurt > 0, "they fight");
    let recorded = fight.finish();
    for count in [1, 2, 4] {
        let replayed = replay(&recorded, &shipped, threads(count)).unwrap();
        assert_eq!((replayed.ticks, replayed.last), (200, Some(last)), "{count} threads");
    }
}
