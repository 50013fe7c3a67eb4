//! The same inputs give the same world, and health never wraps whatever happens.

use proptest::prelude::*;
use realmgate_engine::replication::Shared;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::Health;
use realmgate_protocol::wire::Aim;

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
const MOBS: [(&str, (i32, i32)); 6] =
    [("boar", (8, 2)), ("wolf", (9, 6)), ("wolf", (12, 6)), ("archer", (13, 1)), ("king", (8, 5)), ("rabbit", (3, 6))];

type Deed = (u8, u8, u8, u8);

fn play(deeds: &[Deed]) -> (Vec<realmgate_engine::record::StateHash>, Vec<Health>) {
    let mut scene = Scene::new(&FIELD, &MOBS);
    scene.enter(1, "fighter", tile(6, 4));
    scene.enter(2, "caster", tile(6, 6));
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
        seen.extend(world.query::<&Shared<Health>>().iter(world).map(|health| health.0.clone()));
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
        prop_assert_eq!(first, second, "chance comes from the seed alone");
        prop_assert!(seen.iter().all(|health| health.current <= health.max), "{:?}", seen);
    }
}
