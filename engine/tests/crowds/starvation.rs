//! Nobody in a crowd waits for an update longer than the bound.

use realmgate_engine::body::At;
use realmgate_engine::overload::OverloadLevel;
use realmgate_engine::replication::{InterestRange, Replicated, SnapshotBudget};
use realmgate_protocol::movement::Position;

use crate::scene::{Count, Drift, HEIGHT, Scene, WIDTH};

/// The longest time in ticks that an entity of a crowd waits for an update, the longest of those that are near, and the
/// fewest updates in a snapshot, once the whole crowd has been seen. All of it turns and changes in every tick.
fn longest_wait(crowd: usize, level: OverloadLevel) -> (u32, u32, usize) {
    let mut scene = Scene::new(1, 5);
    scene.channel.world_mut().insert_resource(level);
    for _ in 0..crowd {
        let mut offset = || scene.chance.below(20 * 1_024) as i32 - 10 * 1_024;
        let at = Position::tile_centre(WIDTH / 2, HEIGHT / 2).offset(offset(), offset());
        scene.spawn(at);
    }
    let (mut longest, mut near, mut fewest) = (0, 0, usize::MAX);
    for tick in 0..160 {
        for thing in scene.things.clone() {
            // To and fro, so that all of them stay in view.
            let way = |part: u32| if tick % 2 == 0 { part as i32 } else { -(part as i32) };
            let drift = Drift(way(150 + thing.index_u32() % 50), way(100));
            scene.turn(thing, drift);
            let count = scene.tick + 1;
            scene.channel.world_mut().get_mut::<Replicated<Count>>(thing).unwrap().0 = Count(count);
        }
        scene.step();
        let client = &scene.ends[0].client;
        let own = scene.id(scene.player(0)).0;
        assert_eq!(client.shown[&own].count, Some(scene.tick), "own state is in every snapshot");
        if tick >= 100 {
            assert_eq!(client.shown.len(), crowd + 1);
            let world = scene.channel.world();
            let position = |thing| world.get::<At>(thing).unwrap().0;
            let (centre, half) = (position(scene.player(0)), world.resource::<InterestRange>().enter / 2);
            for thing in scene.things.iter().copied() {
                let waits = scene.tick - client.shown[&scene.id(thing).0].count.unwrap();
                longest = longest.max(waits);
                // Half a tile less, since they are not where they were when the snapshot was made.
                if position(thing).within(centre, half - 512) {
                    near = near.max(waits);
                }
            }
            // A client that has its turn every other tick gets no updates in between.
            fewest = if client.told == 0 { fewest } else { fewest.min(client.told) };
        }
    }
    (longest, near, fewest)
}

#[test]
fn nobody_in_a_crowd_waits_longer_than_the_bound() {
    for level in [OverloadLevel::Normal, OverloadLevel::NearRarely] {
        let (longest, _, fits) = longest_wait(500, level);
        let turns = (6 * 500 / fits + 1) as u32;
        let bound = if level == OverloadLevel::Normal { turns } else { 2 * turns };
        assert!(fits >= 45, "{fits} fit into {} bytes", SnapshotBudget::default().bytes);
        assert!(longest <= bound, "{longest} ticks of {bound} at level {level:?}, {fits} at a time");
    }
}

#[test]
fn a_crowd_that_fits_is_told_at_once_but_for_the_far() {
    let (longest, near, _) = longest_wait(40, OverloadLevel::Normal);
    assert_eq!((near, longest), (0, 1), "the near at once, the far every other tick");
}
