//! Tests of entering the world, and of every reason for a refusal.

use std::time::Duration;

use realmgate_platform::testing::{a_moment, soon};
use realmgate_protocol::ids::{ChannelId, LockEpoch, MapId, ServerId};
use realmgate_protocol::link::{ChannelLoad, CharacterLoad, FromMap, LeaveReason, PrepareRefusal, ToMap};
use realmgate_protocol::ticket::Ticket;
use serde_json::{Value, json};

use super::grant;
use super::held::lent;
use crate::lock::{AccountOwner, CharacterLock, CharacterOwner};
use crate::service::world::testing::{FakeMap, Figures, Player, SPAWN, TestWorld, save, soft_at};

/// Number of seats that are kept for players on their way.
async fn seats(world: &TestWorld) -> usize {
    world.state().registry.find(&"map-1".parse().unwrap()).await.unwrap().unwrap().seats.len()
}

#[tokio::test]
async fn an_account_holds_one_seat_however_often_it_enters() {
    let world = TestWorld::start_with(|config| config.timers.handover_wait = Duration::from_millis(50)).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    for turn in 0..3 {
        client.enter(player.character).await;
        map.admit().await;
        client.expect("enter_world_success").await;
        assert_eq!(seats(&world).await, 1, "entry {turn}: its map server did not let the older one go in time");
    }
    client.enter(player.character).await;
    map.answer(Some(PrepareRefusal::Full)).await;
    assert_eq!(client.expect_error().await, "MAP_FULL");
    assert_eq!(seats(&world).await, 0, "an entry that failed");

    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ben").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.admit().await;
    client.expect("enter_world_success").await;
    for turn in 0..3 {
        client.enter(player.character).await;
        let (character, epoch, reason) = map.kick().await;
        map.say(FromMap::Dropped { character, epoch, reason }).await;
        map.admit().await;
        client.expect("enter_world_success").await;
        assert_eq!(seats(&world).await, 1, "entry {turn}: its map server let the older one go");
    }
}

#[tokio::test]
async fn entering_too_often_is_refused_and_the_socket_stays_open() {
    let world = TestWorld::start_with(|config| config.limits.entries_per_min = 6).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, other) = (world.player("Ann").await, world.player("Bob").await);
    let mut client = player.connect().await;
    for _ in 0..6 {
        client.enter(other.character).await;
        assert_eq!(client.expect_error().await, "FORBIDDEN");
    }
    client.enter(player.character).await;
    let error = client.expect("error").await;
    assert_eq!(error["code"], "RATE_LIMITED", "from this machine, too");
    assert!((10..=11).contains(&error["retry_after"].as_u64().unwrap()), "{error}");
    client.close().await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    assert_eq!(client.expect_error().await, "RATE_LIMITED", "a new socket is no new allowance");

    let mut stranger = other.connect().await;
    stranger.enter(other.character).await;
    map.admit().await;
    stranger.expect("enter_world_success").await;
    world.clock.advance(Duration::from_secs(10));
    client.enter(player.character).await;
    map.admit().await;
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn a_player_is_announced_and_gets_a_ticket() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    let announced = map.wait(|message| matches!(message, ToMap::Prepare { .. }).then(|| message.clone())).await;
    let ToMap::Prepare { request, ticket, expires_in_ms, map: on, channel, epoch, load, .. } = announced else {
        unreachable!("{announced:?}")
    };
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::Gateway("gateway-1".to_owned()));
    assert_eq!((on, channel, expires_in_ms), (MapId(1), ChannelId(1), 30_000));
    assert_eq!(load, CharacterLoad::fresh(player.character, player.account, "Ann", "mage"));
    map.say(FromMap::Prepared { request, refusal: None, spawn: Some(SPAWN) }).await;

    let success = client.expect("enter_world_success").await;
    let (server, issued_ms) = ("map-1".parse::<ServerId>().unwrap(), world.state().time.now_ms());
    let lock = world.lock(player.character).await;
    assert_eq!((lock.owner, lock.epoch), (CharacterOwner::Map(server.clone()), epoch));
    let Player { account, character, .. } = player;
    let (ticket_id, map, expires_ms) = (ticket, on, issued_ms + 30_000);
    let wanted = Ticket { ticket_id, account, character, epoch, map, channel, server, issued_ms, expires_ms };
    grant::check(&world, &success, &wanted);
    assert_eq!(world.state().sessions.get(&account.to_string()).await.unwrap().unwrap().gateway_id, "gateway-1");
}

#[tokio::test]
async fn one_that_is_to_be_deleted_does_not_enter_until_it_is_restored() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let ann = world.player("Ann").await;
    let mut client = ann.connect().await;
    let characters = &world.state().store.characters;
    characters.mark(ann.character, ann.account, ann.log_in, u64::MAX / 4).await.unwrap();
    client.enter(ann.character).await;
    assert_eq!(client.expect_error().await, "CHARACTER_DELETED");
    assert_eq!(world.lock(ann.character).await, CharacterLock::FREE, "nobody took it");
    characters.restore(ann.character, ann.account, ann.log_in).await.unwrap();
    client.enter(ann.character).await;
    assert_eq!(map.admit().await.0, ann.character);
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn somebody_elses_character_and_nobodys_are_refused() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (ann, bob) = (world.player("Ann").await, world.player("Bob").await);
    let mut client = ann.connect().await;
    client.enter(bob.character).await;
    assert_eq!(client.expect_error().await, "FORBIDDEN");
    client.send("enter_world", json!({"character_id": "018f0000-0000-7000-8000-000000000001"})).await;
    assert_eq!(client.expect_error().await, "CHARACTER_NOT_FOUND");
    client.send("enter_world", json!({"character_id": "not an id"})).await;
    assert_eq!(client.expect_error().await, "CHARACTER_NOT_FOUND");
    assert_eq!(world.lock(bob.character).await, CharacterLock::FREE, "he is not disturbed");
    assert!(!map.was_asked().await);
}

#[tokio::test]
async fn without_a_map_server_there_is_no_map() {
    let world = TestWorld::start().await;
    let _other = world.map_server("map-2", &[2]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    assert_eq!(client.expect_error().await, "MAP_NOT_FOUND");
    assert_eq!(world.lock(player.character).await.epoch, LockEpoch(0), "nobody was disturbed for nothing");
}

#[tokio::test]
async fn where_no_server_hosts_the_start_map_the_embedding_one_takes_beginners() {
    let world = TestWorld::start_with(|config| config.start.embedded = Some(MapId(2))).await;
    let mut map = world.map_server("map-2", &[2]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.admit().await;
    assert_eq!(client.expect("enter_world_success").await["map_id"], 2);

    let mut start = world.map_server("map-1", &[1]).await;
    let player = world.player("Ben").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    start.admit().await;
    assert_eq!(client.expect("enter_world_success").await["map_id"], 1, "now one does");
}

#[tokio::test]
async fn a_map_server_without_a_link_is_entered_only_where_that_is_allowed() {
    for allowed in [false, true] {
        let world = TestWorld::start_with(|config| config.gateway.allow_unlinked_map_servers = allowed).await;
        FakeMap::register(world.state(), "foreign-1", &[1], None).await;
        let player = world.player("Ann").await;
        let mut client = player.connect().await;
        client.enter(player.character).await;
        if allowed {
            let success = client.expect("enter_world_success").await;
            assert_eq!((&success["server_id"], &success["map_id"]), (&json!("foreign-1"), &json!(1)));
            assert_eq!(success["spawn_pos"], Value::Null, "it does not say where");
            assert_eq!(world.lock(player.character).await.owner, CharacterOwner::Gateway("gateway-1".to_owned()));
        } else {
            assert_eq!(client.expect_error().await, "MAP_SERVER_UNREACHABLE");
            assert_eq!(world.lock(player.character).await, CharacterLock::FREE, "nobody was disturbed for nothing");
        }
    }
}

#[tokio::test]
async fn the_lock_of_a_guest_ends_with_its_server() {
    let world = TestWorld::start_with(|config| config.gateway.allow_unlinked_map_servers = true).await;
    let (player, mut client) = lent(&world).await;
    let guest = "foreign-1".parse().unwrap();
    world.pass(Duration::from_secs(29)).await;
    assert!(world.state().world.servers.heartbeat(&guest, 1, 0.0).await.unwrap());
    world.pass(Duration::from_secs(29)).await;
    assert_ne!(world.lock(player.character).await.owner, CharacterOwner::None, "its server's heartbeat has renewed it");
    FakeMap::register(world.state(), "foreign-2", &[2], None).await;
    assert!(world.state().world.servers.heartbeat(&"foreign-2".parse().unwrap(), 1, 0.0).await.unwrap());
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None, "another server's heartbeat has not");

    FakeMap::register(world.state(), "foreign-1", &[1], None).await;
    client.enter(player.character).await;
    client.expect("enter_world_success").await;
    world.state().world.servers.deregister(&guest).await.unwrap();
    world.sweep().await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None, "it has said goodbye");
}

#[tokio::test]
async fn each_refusal_of_the_map_server_has_its_code_and_frees_the_lock() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    for (refusal, code) in [
        (PrepareRefusal::Full, "MAP_FULL"),
        (PrepareRefusal::NotHosted, "MAP_NOT_FOUND"),
        (PrepareRefusal::Draining, "MAP_SERVER_UNREACHABLE"),
        (PrepareRefusal::StillHere, "ALREADY_ONLINE"),
        (PrepareRefusal::BadCharacter, "INTERNAL"),
    ] {
        client.enter(player.character).await;
        map.answer(Some(refusal)).await;
        assert_eq!(client.expect_error().await, code, "{refusal:?}");
        assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
    }
}

#[tokio::test]
async fn a_full_map_server_is_not_even_asked() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    let load = |channel, players, is_full| ChannelLoad { map: MapId(1), channel: ChannelId(channel), players, is_full };
    for full in [vec![load(1, 10, false)], vec![load(1, 0, true), load(2, 0, true)]] {
        map.say(FromMap::Load { channels: full }).await;
        map.sync().await;
        client.enter(player.character).await;
        assert_eq!(client.expect_error().await, "MAP_FULL");
        assert!(!map.was_asked().await);
    }
    map.say(FromMap::Load { channels: vec![load(1, 9, false)] }).await;
    map.sync().await;
    client.enter(player.character).await;
    map.admit().await;
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn a_map_server_that_does_not_answer_is_unreachable() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    let (_, _, epoch) = map.prepare().await;
    assert_eq!(client.expect_error().await, "MAP_SERVER_UNREACHABLE", "after three seconds");
    let cancelled = map
        .wait(|message| match message {
            ToMap::Cancel { character, epoch } => Some((*character, *epoch)),
            _ => None,
        })
        .await;
    assert_eq!(cancelled, (player.character, epoch));
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn a_second_enter_world_before_the_first_is_answered_ends_the_socket() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.prepare().await;
    client.enter(player.character).await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE");
    assert_eq!(client.closed().await.0, 1008);
    map.wait(|message| matches!(message, ToMap::Cancel { .. }).then_some(())).await;
    soon("the end of both locks", async {
        while world.lock(player.character).await.owner != CharacterOwner::None || is_held(&world, &player).await {
            a_moment().await;
        }
    })
    .await;
}

/// Whether a gateway holds the account. Otherwise the account's lock waits for its log-in to connect again.
async fn is_held(world: &TestWorld, player: &Player) -> bool {
    let lock = world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap();
    lock.owner != AccountOwner::LogIn
}

#[tokio::test]
async fn who_calls_an_entry_off_has_made_no_mistake() {
    let figures = Figures::listen();
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    let (_, _, epoch) = map.prepare().await;
    client.send("leave_world", json!({})).await;
    let called_off = map.wait(|message| match message {
        ToMap::Cancel { character, epoch } => Some((*character, *epoch)),
        _ => None,
    });
    assert_eq!(called_off.await, (player.character, epoch));
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "as it always was told");
    client.expect("leave_world_success").await;
    assert_eq!(figures.count("realmgate_enter_world_total{result=\"CALLED_OFF\"}"), 1);
    assert_eq!(figures.count("realmgate_enter_world_total{result=\"BAD_MESSAGE\"}"), 0);
    assert_eq!(figures.count("realmgate_gateway_errors_total{code=\"CALLED_OFF\"}"), 1);
    assert_eq!(figures.count("realmgate_gateway_errors_total{code=\"BAD_MESSAGE\"}"), 0);
}

#[tokio::test]
async fn a_ticket_that_nobody_uses_frees_the_lock() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    let (character, epoch) = map.admit().await;
    client.expect("enter_world_success").await;
    map.say(FromMap::Expired { character, epoch }).await;
    map.sync().await;
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn entering_again_begins_where_the_character_was() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1, 2]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let epoch = world.lock(player.character).await.epoch;
    let last = save(player.character, epoch, 1, soft_at(2, 3_072));
    map.release(last.clone(), LeaveReason::ConnectionLost).await;
    map.sync().await;
    client.enter(player.character).await;
    let (request, load, _) = map.prepare().await;
    assert_eq!(load.soft, Some(last.soft));
    map.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    let success = client.expect("enter_world_success").await;
    assert_eq!((&success["map_id"], &success["spawn_pos"]), (&json!(2), &json!({"x": 3.0, "y": 2.0})));
}
