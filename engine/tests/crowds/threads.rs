//! What clients are shown does not depend on how many threads make it.

use std::num::NonZeroUsize;

use realmgate_engine::record::StateHash;
use realmgate_engine::tick_threads::TickThreads;
use realmgate_protocol::movement::Position;

use crate::client::Shown;
use crate::scene::{Drift, Faults, HEIGHT, Scene, WIDTH};

const PLAYERS: usize = 40;
const THINGS: u32 = 200;

/// What comes of a busy world with bad links: its hash at each tick, and all that clients are shown in the end.
fn run(threads: TickThreads) -> (Vec<StateHash>, Vec<Shown>) {
    let mut scene = Scene::on(threads, PLAYERS, 4);
    scene.faults = Faults { loss: 20, delay: 3 };
    for _ in 0..THINGS {
        let at =
            Position::tile_centre(scene.chance.below(WIDTH as u32) as i32, scene.chance.below(HEIGHT as u32) as i32);
        scene.spawn(at);
    }
    let mut hashes = Vec::new();
    for _ in 0..60 {
        for _ in 0..10 {
            let thing = scene.things[scene.chance.below(scene.things.len() as u32) as usize];
            let mut by = || scene.chance.below(600) as i32 - 300;
            let drift = Drift(by(), by());
            scene.turn(thing, drift);
        }
        scene.step();
        hashes.push(scene.channel.state_hash());
    }
    let shown = scene.ends.iter().flat_map(|end| end.client.shown.values().cloned()).collect();
    (hashes, shown)
}

#[test]
fn clients_are_shown_the_same_whatever_the_number_of_threads() {
    let (hashes, shown) = run(TickThreads::default());
    assert!(shown.len() > PLAYERS * PLAYERS, "{} are shown", shown.len());
    for count in [2, 3, 4] {
        let shared = run(TickThreads::eager(NonZeroUsize::new(count).unwrap()));
        assert_eq!((&shared.0, &shared.1), (&hashes, &shown), "{count} threads");
    }
}
