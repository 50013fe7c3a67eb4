//! Tests of players who come back to the body of their character, which is still in the world.

use std::time::Duration;

use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::limits::OLDEST_LINK_VERSION;
use realmgate_protocol::link::{BodyPlace, FromMap, LeaveReason};
use realmgate_protocol::movement::Position;
use realmgate_protocol::ticket::Ticket;
use serde_json::json;

use crate::config::DuplicateLogin;
use crate::lock::CharacterOwner;
use crate::service::world::testing::{FakeMap, PATIENCE, Pair, Player, TestWorld, save, soft_at};

/// Where the body stands, in the second channel.
const BODY: BodyPlace = BodyPlace { map: MapId(1), channel: ChannelId(2), position: Position { x: 5_120, y: 2_048 } };

/// A world in which nobody gets in just because a wait is over.
async fn patient_world() -> TestWorld {
    TestWorld::start_with(|config| config.timers.handover_wait = PATIENCE * 3).await
}

#[tokio::test]
async fn a_player_comes_back_to_its_body_and_the_lock_stays_as_it_is() {
    let world = patient_world().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.has_bodies = true;
    client.enter(player.character).await;
    let (character, epoch, ticket, channel) = map.find_body(Some(BODY)).await;
    assert_eq!((character, epoch, channel), (player.character, before.epoch, None));

    let grant = client.expect("enter_world_success").await;
    assert_eq!((&grant["map_id"], &grant["channel"]), (&json!(1), &json!(2)), "where the body stands");
    assert_eq!((&grant["spawn_pos"], &grant["server_id"]), (&json!({"x": 5.0, "y": 2.0}), &json!("map-1")));
    let minted = Ticket::peek_text(grant["ticket"].as_str().unwrap()).unwrap();
    assert_eq!((minted.ticket_id, minted.account, minted.epoch), (ticket, player.account, before.epoch));
    assert_eq!(world.lock(player.character).await, before, "the same owner writes under the same epoch");
    assert!(!map.was_told_to_kick().await && !map.was_asked().await, "nobody leaves, and nobody enters");

    map.entered(player.character, before.epoch).await;
    map.sync().await;
    world.pass(Duration::from_secs(90)).await;
    assert_eq!(world.lock(player.character).await, before, "and no timer ends it");
}

#[tokio::test]
async fn a_newer_log_in_comes_back_to_the_body_too_and_is_the_one_that_entered() {
    let world = patient_world().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut older) = world.in_world("Ann", &mut map).await;
    let newer = world.log_in_again(&player).await;
    let mut client = newer.connect().await;
    assert_eq!(older.closed().await, (4001, "Replaced".to_owned()));
    map.has_bodies = true;
    client.enter(player.character).await;
    map.find_body(Some(BODY)).await;
    client.expect("enter_world_success").await;
    let entry = world.state().sessions.get(&player.account.to_string()).await.unwrap().unwrap();
    assert_eq!(entry.log_in, Some(newer.log_in));
    assert_eq!(entry.character.unwrap().at, Some(BODY.position));
    // What the older log-in leaves behind does not take the newer one's player out of the world.
    world.state().world.exits.log_out(player.account, player.log_in).await.unwrap();
    assert!(!map.was_told_to_kick().await);
}

#[tokio::test]
async fn without_a_body_to_come_back_to_a_player_enters_anew() {
    let world = patient_world().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await.epoch;
    map.has_bodies = true;
    client.send("enter_world", json!({"character_id": player.character.to_string(), "channel": 1})).await;
    assert_eq!(map.find_body(None).await.3, Some(ChannelId(1)), "the map server knows where the body stands");
    assert_eq!(map.kick().await, (player.character, before, LeaveReason::Replaced));
    map.release(save(player.character, before, 1, soft_at(1, 5_120)), LeaveReason::Replaced).await;
    let (_, epoch) = map.admit().await;
    assert!(epoch > before);
    assert_eq!(client.expect("enter_world_success").await["channel"], 1);
}

#[tokio::test]
async fn another_character_does_not_come_back_to_the_body() {
    let world = patient_world().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let second = world.character(player.account, player.log_in, "Anna").await;
    map.has_bodies = true;
    client.enter(second).await;
    assert_eq!(map.kick().await.0, player.character);
    assert!(!map.was_asked_for_a_body().await);
}

#[tokio::test]
async fn a_map_server_that_does_not_know_of_it_is_asked_to_let_the_body_go() {
    let world = patient_world().await;
    let cookie = FakeMap::register(world.state(), "map-1", &[1], None).await;
    let mut map = FakeMap::open(world.state()).await;
    map.hello_of(OLDEST_LINK_VERSION, "map-1", &[1], &cookie, true).await;
    assert!(!map.welcomed().await);
    map.reclaim(&[]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    map.has_bodies = true;
    client.enter(player.character).await;
    let (character, epoch, reason) = map.kick().await;
    assert!(!map.was_asked_for_a_body().await);
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    map.admit().await;
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn with_reject_the_log_in_that_entered_comes_back_over_another_socket() {
    let world = TestWorld::start_with(|config| {
        config.gateway.duplicate_login = DuplicateLogin::Reject;
        config.timers.handover_wait = PATIENCE * 3;
    })
    .await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _older) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.has_bodies = true;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.find_body(Some(BODY)).await;
    client.expect("enter_world_success").await;
    assert_eq!(world.lock(player.character).await, before);
}

#[tokio::test]
async fn who_is_expected_and_has_not_come_has_no_body_and_is_expected_anew() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    let (character, first) = map.admit().await;
    client.expect("enter_world_success").await;
    map.has_bodies = true;
    client.enter(player.character).await;
    assert_eq!(map.find_body(None).await.1, first);
    map.kick().await;
    map.say(FromMap::Dropped { character, epoch: first, reason: LeaveReason::Replaced }).await;
    assert!(map.admit().await.1 > first);
    client.expect("enter_world_success").await;
    assert_eq!(world.lock(character).await.owner.kind(), "map");
}

#[tokio::test]
async fn a_player_comes_back_over_another_sidecar_than_its_map_servers() {
    let Some(pair) = Pair::start().await else { return };
    let mut map = pair.a.map_server("map-1", &[1]).await;
    let (player, _older) = pair.a.in_world("Ann", &mut map).await;
    let character = player.character;
    let before = pair.a.lock(character).await;
    map.has_bodies = true;
    let mut client = Player { gateway: pair.b.state().addrs.gateway, ..player }.connect().await;
    client.enter(character).await;
    assert_eq!(map.find_body(Some(BODY)).await.1, before.epoch);
    assert_eq!(client.expect("enter_world_success").await["server_id"], "map-1");
    let after = pair.b.lock(character).await;
    assert_eq!(after, before);
    assert_eq!(after.owner, CharacterOwner::Map("map-1".parse().unwrap()));
    assert!(!map.was_told_to_kick().await);
}
