//! Tests of an account that enters again from elsewhere.

use std::time::Duration;

use realmgate_protocol::ids::RequestId;
use realmgate_protocol::link::{FromMap, LeaveReason, ToMap};
use serde_json::json;

use super::leave::whole_handover;
use crate::config::DuplicateLogin;
use crate::lock::{CharacterLock, CharacterOwner};
use crate::service::world::testing::{Figures, PATIENCE, TestWorld, save, soft_at};

#[tokio::test]
async fn the_older_player_is_saved_and_makes_way() {
    // Long enough that nobody gets in just because the wait is over.
    let world = TestWorld::start_with(|config| config.timers.handover_wait = PATIENCE * 3).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut older) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await.epoch;
    let mut newer = player.connect().await;
    assert_eq!(older.closed().await, (4001, "Replaced".to_owned()));
    assert_eq!(world.lock(player.character).await.epoch, before, "the older player stays until the newer one enters");

    newer.enter(player.character).await;
    assert_eq!(map.kick().await, (player.character, before, LeaveReason::Replaced));
    map.release(save(player.character, before, 1, soft_at(1, 5_120)), LeaveReason::Replaced).await;
    let (request, load, epoch) = map.prepare().await;
    assert!(epoch > before);
    assert_eq!(load.soft.unwrap().x, 5_120, "the newer one goes on where the older one was");
    map.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    assert_eq!(newer.expect("enter_world_success").await["spawn_pos"]["x"], 5.0);
}

#[tokio::test]
async fn the_newer_player_waits_while_the_older_one_fights() {
    let world = TestWorld::start_with(|config| config.timers.handover_wait = Duration::from_secs(3)).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _older) = world.in_world("Ann", &mut map).await;
    let second = world.character(player.account, player.log_in, "Anna").await;
    let mut newer = player.connect().await;
    newer.enter(second).await;
    let fighting = world.lock(player.character).await;
    let (character, epoch, reason) = map.kick().await;
    map.say(FromMap::Lingers { character, epoch, ms: 12_500 }).await;
    assert_eq!(newer.expect("leaving").await["seconds"], 13);
    whole_handover(&world, &mut map).await;
    assert_eq!(world.lock(character).await, fighting, "it is not shut out meanwhile");
    assert_eq!(world.lock(second).await, CharacterLock::FREE);
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    assert_eq!(map.admit().await.0, second);
    newer.expect("enter_world_success").await;
}

#[tokio::test]
async fn who_tires_of_waiting_for_the_older_one_has_made_no_mistake() {
    let figures = Figures::listen();
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let second = world.character(player.account, player.log_in, "Anna").await;
    client.enter(second).await;
    let (character, epoch, _) = map.kick().await;
    map.say(FromMap::Lingers { character, epoch, ms: 12_500 }).await;
    client.expect("leaving").await;
    client.send("leave_world", json!({})).await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE");
    assert_eq!(figures.count("realmgate_enter_world_total{result=\"CALLED_OFF\"}"), 1);
    assert_eq!(figures.count("realmgate_gateway_errors_total{code=\"CALLED_OFF\"}"), 1);
    assert_eq!(figures.count("realmgate_gateway_errors_total{code=\"BAD_MESSAGE\"}"), 0);
}

#[tokio::test]
async fn another_character_of_the_account_makes_way_too() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let second = world.character(player.account, player.log_in, "Anna").await;
    client.enter(second).await;
    let (character, epoch, _) = map.kick().await;
    assert_eq!(character, player.character);
    map.say(FromMap::Dropped { character, epoch, reason: LeaveReason::Replaced }).await;
    assert_eq!(map.admit().await.0, second);
    client.expect("enter_world_success").await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn a_map_server_that_lost_its_link_is_fenced() {
    let figures = Figures::listen();
    let world = TestWorld::start().await;
    let mut first = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut first).await;
    let stale = world.lock(player.character).await.epoch;
    first.close().await;
    let mut second = world.map_server("map-2", &[1]).await;
    client.enter(player.character).await;
    let (character, epoch) = second.admit().await;
    client.expect("enter_world_success").await;
    assert!(epoch > stale);

    let mut back = world.link("map-1", &[1]).await;
    back.say(FromMap::Save { saves: vec![save(character, stale, 9, soft_at(1, 1_024))] }).await;
    assert_eq!(back.fenced().await, (character, stale));
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!(load.soft, None, "a stale save writes nothing");
    assert_eq!(figures.count("realmgate_locks_fenced_total{owner=\"map\"}"), 1);
    assert_eq!(figures.count("realmgate_saves_total{result=\"fenced\"}"), 1);
}

#[tokio::test]
async fn with_reject_the_newer_one_is_turned_away() {
    let world = TestWorld::start_with(|config| config.gateway.duplicate_login = DuplicateLogin::Reject).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _older) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.has_bodies = true;
    let mut newer = world.log_in_again(&player).await.connect().await;
    newer.enter(player.character).await;
    assert_eq!(newer.expect_error().await, "ALREADY_ONLINE");
    assert_eq!(world.lock(player.character).await, before);
    assert!(!map.was_asked_for_a_body().await, "another log-in does not take it over");

    let (character, epoch, reason) = map.kick().await;
    assert_eq!(
        (character, epoch, reason),
        (player.character, before.epoch, LeaveReason::Replaced),
        "it is asked to go"
    );
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    map.sync().await;
    newer.enter(character).await;
    map.admit().await;
    newer.expect("enter_world_success").await;
}

#[tokio::test]
async fn with_reject_a_character_on_its_way_counts_too() {
    let world = TestWorld::start_with(|config| config.gateway.duplicate_login = DuplicateLogin::Reject).await;
    let (mut from, mut to) = (world.map_server("map-1", &[1]).await, world.map_server("map-2", &[2]).await);
    let (player, _older) = world.in_world("Ann", &mut from).await;
    let epoch = world.lock(player.character).await.epoch;
    let save = save(player.character, epoch, 1, soft_at(2, 0));
    from.say(FromMap::Travel { request: RequestId(77), save, channel: None }).await;
    let (request, _, travelling) = to.prepare().await;
    let mut newer = player.connect().await;
    newer.enter(player.character).await;
    assert_eq!(newer.expect_error().await, "ALREADY_ONLINE");
    to.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    from.wait(|message| matches!(message, ToMap::TravelGranted { .. }).then_some(())).await;
    assert!(world.lock(player.character).await.admits(&"map-2".parse().unwrap(), travelling), "it arrived");
}

#[tokio::test]
async fn with_reject_a_player_may_still_take_its_own_place() {
    let world = TestWorld::start_with(|config| config.gateway.duplicate_login = DuplicateLogin::Reject).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    client.enter(player.character).await;
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    map.admit().await;
    client.expect("enter_world_success").await;
    assert_eq!(world.lock(player.character).await.owner.kind(), "map");
}
