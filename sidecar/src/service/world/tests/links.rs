//! Tests of links that open, are refused, break, and come back.

use std::time::Duration;

use realmgate_protocol::ids::{BatchId, MapId};
use realmgate_protocol::limits::{LINK_VERSION, OLDEST_LINK_VERSION};
use realmgate_protocol::link::{Change, FromMap, GoldAccount, OwnedEvent, Owner, ToMap};
use realmgate_protocol::realm;
use uuid::Uuid;

use crate::directory::Cookie;
use crate::lock::CharacterOwner;
use crate::service::world::testing::{Client, FakeMap, TestWorld, save, soft_at};

fn hello(link_version: u16, protocol_hash: u64) -> FromMap {
    FromMap::Hello {
        server: "map-1".into(),
        link_version,
        protocol_hash,
        maps: vec![MapId(1)],
        channels: 1,
        cookie: String::new(),
        fresh: false,
    }
}

async fn refusal(world: &TestWorld, first: FromMap) -> String {
    let mut map = FakeMap::open(world.state()).await;
    map.say(first).await;
    ended_with(&mut map).await
}

async fn ended_with(map: &mut FakeMap) -> String {
    let Some(ToMap::Refused { code, .. }) = map.next_or_end().await else { panic!("not refused") };
    assert_eq!(map.next_or_end().await, None, "a refused link is closed");
    code
}

#[tokio::test]
async fn a_link_that_does_not_fit_is_refused() {
    let world = TestWorld::start().await;
    let hash = realm::protocol_hash();
    assert_eq!(refusal(&world, hello(LINK_VERSION, hash)).await, "COOKIE_UNKNOWN", "it has not registered");
    FakeMap::register(world.state(), "map-1", &[1], None).await;
    for version in [OLDEST_LINK_VERSION - 1, LINK_VERSION + 1] {
        assert_eq!(refusal(&world, hello(version, hash)).await, "LINK_VERSION_MISMATCH", "{version}");
    }
    for hash in [hash - 1, hash + 1] {
        assert_eq!(refusal(&world, hello(LINK_VERSION, hash)).await, "PROTOCOL_MISMATCH", "{hash}");
    }
    assert_eq!(refusal(&world, hello(LINK_VERSION, hash)).await, "COOKIE_UNKNOWN", "an id alone opens nothing");
    let mut stranger = FakeMap::open(world.state()).await;
    stranger.hello("map-1", &[1], &Cookie::random().unwrap(), false).await;
    assert_eq!(ended_with(&mut stranger).await, "COOKIE_UNKNOWN");
    for (maps, channels) in [(vec![], 1), (vec![MapId(1)], 0)] {
        let FromMap::Hello { server, cookie, .. } = hello(LINK_VERSION, hash) else { unreachable!() };
        let (link_version, protocol_hash) = (LINK_VERSION, hash);
        let nowhere = FromMap::Hello { server, link_version, protocol_hash, maps, channels, cookie, fresh: false };
        assert_eq!(refusal(&world, nowhere).await, "BAD_MESSAGE", "nobody can be sent there");
    }
    let early = FromMap::Events { batch: BatchId(1), events: Vec::new() };
    assert_eq!(refusal(&world, early).await, "BAD_MESSAGE");
    assert!(world.state().links.all().is_empty(), "none of them is open");
}

#[tokio::test]
async fn garbage_ends_a_link() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    map.say_bytes(vec![255; 9]).await;
    assert_eq!(ended_with(&mut map).await, "BAD_MESSAGE");
}

#[tokio::test]
async fn a_link_needs_the_service_token() {
    let world = TestWorld::start().await;
    let url = format!("ws://{}/map-link", world.state().addrs.directory);
    assert_eq!(Client::refused(&url, &[]).await, 401);
    let players = format!("Bearer {}", world.player("Ann").await.token);
    for wrong in ["Bearer wrong", &players] {
        assert_eq!(Client::refused(&url, &[("authorization", wrong)]).await, 401, "{wrong}");
    }
    // It shows the right one.
    FakeMap::open(world.state()).await;
}

#[tokio::test]
async fn a_map_server_that_was_away_goes_on_under_its_epochs() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let lock = world.lock(player.character).await;
    map.close().await;
    let mut map = world.link("map-1", &[1]).await;
    assert_eq!(world.lock(player.character).await, lock, "an outage alone changes no lock");
    map.say(FromMap::Save { saves: vec![save(player.character, lock.epoch, 1, soft_at(1, 99))] }).await;
    map.sync().await;
    assert_eq!(world.state().store.locks.load(player.character).await.unwrap().unwrap().soft, Some(soft_at(1, 99)));
}

#[tokio::test]
async fn a_newer_link_of_the_same_server_ends_the_older_unless_that_answers() {
    let world = TestWorld::start().await;
    // It answers no pings, since the test does not read them.
    let mut older = world.map_server("map-1", &[1]).await;
    let mut newer = world.link("map-1", &[1]).await;
    assert_eq!(older.next_or_end().await, None);
    newer.sync().await;
    let answering = tokio::spawn(async move { newer.next_or_end().await });
    let mut newest = FakeMap::open(world.state()).await;
    newest.hello("map-1", &[1], &world.cookie("map-1").unwrap(), false).await;
    assert_eq!(ended_with(&mut newest).await, "STILL_LINKED");
    assert!(world.state().links.get(&"map-1".parse().unwrap()).is_some());
    assert!(!answering.is_finished(), "it is still open");
    answering.abort();
}

/// Drops an item and gold, which lie on the map server's ground then.
pub(super) async fn drop_on_the_ground(map: &mut FakeMap) {
    let item = Uuid::now_v7().into();
    let drop = OwnedEvent {
        key: Uuid::now_v7().into(),
        reason: "loot".to_owned(),
        fences: Vec::new(),
        changes: vec![
            Change::ItemCreated { item, definition: "rusty_sword".to_owned(), to: Owner::Ground },
            Change::GoldMoved { from: GoldAccount::World, to: GoldAccount::Ground, amount: 12 },
        ],
    };
    assert_eq!(map.commit(vec![drop]).await[0].refusal, None);
}

/// Checks that what was dropped is gone, with its lines in the ledgers.
pub(super) async fn assert_swept(world: &TestWorld) {
    let audit = world.state().store.ledger.audit().await.unwrap();
    assert_eq!((audit.items, audit.item_lines, audit.gold_in_world, audit.faults), (0, 2, 0, Vec::new()));
}

#[tokio::test]
async fn a_new_process_gets_free_locks_and_a_swept_ground() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    drop_on_the_ground(&mut map).await;
    map.close().await;

    let mut map = world.map_server("map-1", &[1]).await;
    let after = world.lock(player.character).await;
    assert_eq!(after.owner, CharacterOwner::None);
    assert!(after.epoch > before.epoch);
    assert_swept(&world).await;
    map.say(FromMap::Save { saves: vec![save(player.character, before.epoch, 5, soft_at(1, 0))] }).await;
    assert_eq!(map.fenced().await, (player.character, before.epoch));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_links_and_sockets() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (_player, mut client) = world.in_world("Ann", &mut map).await;
    // Neither reads, answers or hangs up until it is over. What is left after ten seconds would be given up.
    let over = tokio::time::timeout(Duration::from_secs(8), world.shutdown());
    over.await.expect("the sidecar waits for them");
    assert_eq!(map.next_or_end().await, None);
    assert_eq!(client.closed().await.0, 1001);
}
