//! Tests of entering and leaving where one side never finishes.

use std::time::Duration;

use realmgate_protocol::link::LeaveReason;
use serde_json::json;

use super::held::begin_way_in;
use crate::lock::{CharacterOwner, LockStep};
use crate::service::world::testing::{TestWorld, save, soft_at};

#[tokio::test]
async fn a_way_in_that_does_not_end_is_released() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let (locks, timers) = (&world.state().store.locks, &world.state().config.timers);
    let now_ms = || world.state().time.now_ms();
    let passing = begin_way_in(&world, &player).await;
    world.pass(Duration::from_secs(14)).await;
    assert_eq!(world.lock(player.character).await, passing);
    world.pass(Duration::from_secs(1)).await;
    let free = world.lock(player.character).await;
    assert_eq!(free.owner, CharacterOwner::None);
    assert!(free.epoch > passing.epoch);
    let late = LockStep::Prepared { server: "map-1".parse().unwrap() };
    let late = passing.after(&late, now_ms(), timers).unwrap();
    assert!(!locks.change(player.character, &passing, &late, now_ms()).await.unwrap(), "what comes late is refused");
}

#[tokio::test]
async fn a_map_server_that_does_not_let_go_in_time_is_fenced() {
    let hasty = Duration::from_millis(100);
    let world = TestWorld::start_with(|config| config.timers.handover_wait = hasty).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await.epoch;
    client.send("leave_world", json!({})).await;
    assert_eq!(map.kick().await, (player.character, before, LeaveReason::Logout));
    client.expect("leave_world_success").await;
    assert_eq!(map.fenced().await, (player.character, before), "it was too slow");
    let after = world.lock(player.character).await;
    assert!(after.owner == CharacterOwner::None && after.epoch > before);
    map.release(save(player.character, before, 1, soft_at(1, 7)), LeaveReason::Logout).await;
    assert_eq!(map.fenced().await, (player.character, before));
    assert_eq!(world.state().store.locks.load(player.character).await.unwrap().unwrap().soft, None);
}
