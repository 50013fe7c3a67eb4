//! Tests of each timer of the locks: that it runs out, and what cancels it.

use std::time::Duration;

use realmgate_platform::testing::{a_moment, soon};
use realmgate_protocol::ids::LockEpoch;
use realmgate_protocol::link::FromMap;
use uuid::Uuid;

use super::held::{begin_way_in, expected, here, left_behind, lent, other_replica, owner_of};
use super::links::{assert_swept, drop_on_the_ground};
use crate::lock::{AccountOwner, CharacterLock, CharacterOwner, ServerKey, ServerLock};
use crate::service::world::Unmet;
use crate::service::world::testing::{Figures, TestWorld, save, soft_at};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_log_in_that_comes_to_no_gateway_is_released() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    world.state().world.accounts.logged_in(player.account, player.log_in).await.unwrap();
    world.pass(29 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::LogIn);
    world.pass(SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::None);
}

#[tokio::test]
async fn a_socket_cancels_the_log_ins_timer() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    world.state().world.accounts.logged_in(player.account, player.log_in).await.unwrap();
    let _client = player.connect().await;
    world.pass(60 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, here());
}

#[tokio::test]
async fn a_player_who_does_not_come_loses_the_lock() {
    let world = TestWorld::start().await;
    let (mut map, player) = expected(&world).await;
    let epoch = world.lock(player.character).await.epoch;
    world.pass(39 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner.kind(), "map");
    world.pass(SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
    assert_eq!(map.fenced().await, (player.character, epoch), "the map server expects nobody any more");
}

#[tokio::test]
async fn entering_cancels_the_timer_and_so_does_a_save() {
    for saved in [false, true] {
        let world = TestWorld::start().await;
        let (mut map, player) = expected(&world).await;
        let epoch = world.lock(player.character).await.epoch;
        if saved {
            map.say(FromMap::Save { saves: vec![save(player.character, epoch, 1, soft_at(1, 5))] }).await;
        } else {
            map.entered(player.character, epoch).await;
        }
        map.sync().await;
        world.pass(120 * SECOND).await;
        assert_eq!(world.lock(player.character).await.owner.kind(), "map", "saved: {saved}");
    }
}

#[tokio::test]
async fn a_silent_replica_loses_what_it_held() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let (key, _, way_in) = other_replica(&world, &player).await;
    world.pass(29 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::Gateway("gateway-2".to_owned()));
    assert_eq!(world.lock(player.character).await, way_in);
    world.pass(SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::None);
    let fenced = CharacterLock { epoch: LockEpoch(2), ..CharacterLock::FREE };
    assert_eq!(world.lock(player.character).await, fenced, "a way that it had begun");
    assert_eq!(world.state().store.server_locks.server(&key).await.unwrap(), None, "its cookie is worth nothing now");
}

#[tokio::test]
async fn a_replica_that_is_heard_of_keeps_what_it_held() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let (key, lock, way_in) = other_replica(&world, &player).await;
    world.pass(29 * SECOND).await;
    let state = world.state();
    let heard = ServerLock::heard(&key, lock.cookie, state.time.now_ms(), &state.config.timers);
    assert!(state.store.server_locks.renew_servers(&[(key, heard)]).await.unwrap().is_empty());
    world.pass(29 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::Gateway("gateway-2".to_owned()));
    assert_eq!(world.lock(player.character).await, way_in);
}

#[tokio::test]
async fn a_replica_renews_its_lock_unasked() {
    let world = TestWorld::start().await;
    let key = ServerKey::Replica("gateway-1".to_owned());
    // The first renewal comes with the start, the later ones only by the clock.
    for _ in 0..2 {
        world.clock.advance(SECOND);
        let now_ms = world.state().time.now_ms();
        soon("a renewal", async {
            let heard_ms = async || world.state().store.server_locks.server(&key).await.unwrap().unwrap().lock.heard_ms;
            while heard_ms().await < now_ms {
                a_moment().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn each_timer_of_a_character_is_counted_under_its_name() {
    let figures = Figures::listen();
    let count = |timer| figures.count(&format!("realmgate_timers_fired_total{{timer=\"{timer}\"}}"));
    let fired = || ["arrival", "map_reclaim", "passage", "lent"].map(count);
    let world = TestWorld::start().await;
    let (_map, player) = expected(&world).await;
    world.pass(40 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
    assert_eq!(fired(), [1, 0, 0, 0]);

    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ben", &mut map).await;
    map.close().await;
    drop(world.returning("map-1", &[1]).await);
    world.pass(30 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
    assert_eq!(fired(), [1, 1, 0, 0]);
    begin_way_in(&world, &world.player("Cid").await).await;
    world.pass(15 * SECOND).await;
    assert_eq!(fired(), [1, 1, 1, 0]);

    let world = TestWorld::start_with(|config| config.gateway.allow_unlinked_map_servers = true).await;
    let (_player, _client) = lent(&world).await;
    world.pass(30 * SECOND).await;
    assert_eq!(fired(), [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_lent_lock_is_no_passage() {
    let figures = Figures::listen();
    let world = TestWorld::start_with(|config| config.gateway.allow_unlinked_map_servers = true).await;
    let (player, _client) = lent(&world).await;
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::Gateway("gateway-1".to_owned()));
    world.pass(SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
    assert_eq!(figures.count("realmgate_timers_fired_total{timer=\"lent\"}"), 1);
    assert_eq!(figures.count("realmgate_timers_fired_total{timer=\"passage\"}"), 0);
}

#[tokio::test]
async fn a_first_start_is_no_outage() {
    let figures = Figures::listen();
    let world = TestWorld::start().await;
    world.sweep().await;
    assert_eq!(figures.count("realmgate_outages_total"), 0, "nobody was to fire timers before");
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    assert_eq!(figures.count("realmgate_outages_total"), 1);
}

#[tokio::test]
async fn an_account_that_is_not_reclaimed_is_released() {
    let world = TestWorld::start().await;
    let player = left_behind(&world).await;
    world.pass(29 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, here());
    world.pass(SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::None);
}

#[tokio::test]
async fn a_socket_reclaims_its_account() {
    let world = TestWorld::start().await;
    let player = left_behind(&world).await;
    let _client = player.connect().await;
    world.pass(60 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, here());
}

#[tokio::test]
async fn a_map_server_that_stays_away_loses_what_it_held() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    drop_on_the_ground(&mut map).await;
    map.close().await;
    world.pass(599 * SECOND).await;
    assert_eq!(world.lock(player.character).await, before);
    world.pass(SECOND).await;
    let fenced = CharacterLock { epoch: LockEpoch(before.epoch.0 + 1), ..CharacterLock::FREE };
    assert_eq!(world.lock(player.character).await, fenced);
    assert_swept(&world).await;
    let cookie = world.cookie("map-1").unwrap();
    let late = world.state().world.servers.meet(&"map-1".parse().unwrap(), cookie.expose(), false).await;
    assert!(matches!(late, Err(Unmet::CookieUnknown)), "{late:?}");
}

#[tokio::test]
async fn a_map_server_that_comes_back_in_time_goes_on() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.close().await;
    world.pass(590 * SECOND).await;
    let _map = world.link("map-1", &[1]).await;
    world.pass(590 * SECOND).await;
    assert_eq!(world.lock(player.character).await, before, "as if nothing had happened");
}

#[tokio::test]
async fn a_character_that_is_not_reclaimed_is_released() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    map.close().await;
    // It comes back, and is gone before it has reclaimed anything.
    drop(world.returning("map-1", &[1]).await);
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner.kind(), "map");
    world.pass(SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn what_is_reclaimed_stays_and_the_rest_is_let_go() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (ann, _client) = world.in_world("Ann", &mut map).await;
    let (bob, _client) = world.in_world("Bob", &mut map).await;
    let (anns, bobs) = (world.lock(ann.character).await, world.lock(bob.character).await);
    map.close().await;
    let mut map = world.returning("map-1", &[1]).await;
    let stranger = Uuid::now_v7().into();
    map.reclaim(&[(ann.character, anns.epoch), (stranger, bobs.epoch)]).await;
    assert_eq!(map.fenced().await, (stranger, bobs.epoch), "what it does not hold it hears of at once");
    assert_eq!(world.lock(bob.character).await.owner, CharacterOwner::None);
    world.pass(60 * SECOND).await;
    assert_eq!(world.lock(ann.character).await, anns);
}

#[tokio::test]
async fn after_an_outage_owners_have_a_grace() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.close().await;
    // Nobody fires timers for an hour.
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await, before, "the deadline passed while nobody could hear it");
    let _map = world.link("map-1", &[1]).await;
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await, before);
}

#[tokio::test]
async fn after_an_outage_who_is_awaited_has_a_grace_too() {
    let world = TestWorld::start().await;
    let (_map, player) = expected(&world).await;
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner.kind(), "map", "the map server expects it");
    world.pass(SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);

    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    world.state().world.accounts.logged_in(player.account, player.log_in).await.unwrap();
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    world.pass(29 * SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::LogIn, "a gateway expects it");
    world.pass(SECOND).await;
    assert_eq!(owner_of(&world, &player).await, AccountOwner::None);

    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let _client = player.connect().await;
    world.log_in(player.account).await;
    let waiting =
        async || world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap().waiting;
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    world.pass(29 * SECOND).await;
    assert!(waiting().await.is_some(), "a newer log-in beside an open socket");
    world.pass(SECOND).await;
    assert_eq!(waiting().await, None);
}

#[tokio::test]
async fn after_an_outage_whoever_comes_back_first_finds_its_locks() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await;
    map.close().await;
    // Nobody fires timers for an hour, and the map server is back before anybody does.
    world.clock.advance(Duration::from_secs(3_600));
    let cookie = world.cookie("map-1").unwrap();
    let met = world.state().world.servers.meet(&"map-1".parse().unwrap(), cookie.expose(), false).await;
    assert!(matches!(met, Ok(true)), "it may reclaim: {met:?}");
    let _map = world.link("map-1", &[1]).await;
    world.pass(60 * SECOND).await;
    assert_eq!(world.lock(player.character).await, before);
}

#[tokio::test]
async fn a_grace_ends() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    map.close().await;
    world.clock.advance(Duration::from_secs(3_600));
    world.sweep().await;
    world.pass(29 * SECOND).await;
    assert_eq!(world.lock(player.character).await.owner.kind(), "map");
    world.pass(SECOND).await;
    assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn a_sidecar_that_was_cut_off_closes_its_sockets() {
    let world = TestWorld::start().await;
    let mut clients = Vec::new();
    for name in ["Ann", "Ben"] {
        clients.push(world.player(name).await.connect().await);
    }
    let key = ServerKey::Replica("gateway-1".to_owned());
    let known = world.state().store.server_locks.server(&key).await.unwrap().unwrap();
    let now_ms = world.state().time.now_ms();
    assert!(world.state().store.server_locks.retire_server(&key, &known.lock, now_ms).await.unwrap().is_some());
    world.state().world.renewal.renew().await.unwrap();
    for mut client in clients {
        assert_eq!(client.closed().await, (1012, "The gateway has lost its lock".to_owned()));
    }
    let again = world.state().store.server_locks.server(&key).await.unwrap().map(|known| known.lock.cookie);
    assert_eq!(again, Some(known.lock.cookie), "and goes on under its id");
}
