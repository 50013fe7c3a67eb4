//! Tests of the different ways to log out, and of what stays when only a socket closes.

use std::time::Duration;

use realmgate_platform::error::ErrorCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::movement::Position;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::directory::{SessionCharacter, SessionEntry};
use crate::lock::{AccountLock, AccountOwner, CharacterOwner};
use crate::service::world::Waiter;
use crate::service::world::testing::{FakeMap, PATIENCE, Player, SPAWN, TestWorld, save, soft_at};

#[tokio::test]
async fn leave_world_saves_and_frees_the_lock() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (_player, mut client) = world.in_world("Ann", &mut map).await;
    client.send("leave_world", json!({})).await;
    let (character, epoch, reason) = map.kick().await;
    assert_eq!(reason, LeaveReason::Logout);
    map.release(save(character, epoch, 1, soft_at(1, 4_096)), reason).await;
    client.expect("leave_world_success").await;
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None);
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!(load.soft, Some(soft_at(1, 4_096)));
}

#[tokio::test]
async fn who_is_kicked_leaves_and_may_come_back_at_once() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let exits = world.state().world.exits.clone();
    let kicking = tokio::spawn({
        let exits = exits.clone();
        async move { exits.kick(player.account).await }
    });
    let (character, epoch, reason) = map.kick().await;
    assert_eq!(reason, LeaveReason::Kicked);
    map.release(save(character, epoch, 1, soft_at(1, 4_096)), reason).await;
    assert!(soon("the end of the kick", kicking).await.unwrap().unwrap(), "she was in the world");
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None);
    assert!(!exits.kick(player.account).await.unwrap(), "she is out of it");
    client.enter(character).await;
    map.answer(None).await;
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn playing_is_being_seen() {
    let world = TestWorld::start().await;
    let last_seen_ms = async |player: &Player| {
        let query = "SELECT last_seen_ms FROM profiles WHERE account_id = $1";
        let query = sqlx::query_scalar::<_, i64>(query).bind(player.account.to_string());
        let mut db = world.state().store.sql().read("last_seen").await.unwrap();
        query.fetch_one(&mut *db).await.unwrap().unsigned_abs()
    };
    let player = world.player("Ann").await;
    world.pass(Duration::from_secs(10)).await;
    let client = player.connect().await;
    let came_ms = world.state().time.now_ms();
    assert!(last_seen_ms(&player).await.abs_diff(came_ms) < 1_000, "who comes");
    world.pass(Duration::from_secs(10)).await;
    client.close().await;
    soon("the time of the end", async {
        while last_seen_ms(&player).await < came_ms + 10_000 {
            a_moment().await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_out_of_the_world_is_online_for_as_long_as_it_is_connected() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let user = player.account.to_string();
    client.send("leave_world", json!({})).await;
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 4_096)), reason).await;
    client.expect("leave_world_success").await;
    let connected = Some(SessionEntry::connected("gateway-1"));
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), connected, "from that moment on");
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), connected);
    client.close().await;
    soon("the end of the entry with the socket", async {
        while world.state().sessions.get(&user).await.unwrap().is_some() {
            a_moment().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_an_operator_removed_stays_away() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let user = player.account.to_string();
    world.state().sessions.remove(&user).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), None, "though her socket is open, and she plays");
    let _again = player.connect().await;
    world.pass(Duration::from_secs(60)).await;
    let connected = Some(SessionEntry::connected("gateway-1"));
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), connected, "she has come anew");
}

#[tokio::test]
async fn a_session_entry_says_who_is_in_the_world_and_where() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1, 2]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let user = player.account.to_string();
    let seen = async || world.state().sessions.get(&user).await.unwrap().unwrap();
    let first = SessionCharacter {
        id: player.character.to_string(),
        name: "Ann".to_owned(),
        map_server: "map-1".parse().unwrap(),
        map_id: MapId(1),
        at: Some(SPAWN),
    };
    let entry = |character: SessionCharacter| SessionEntry {
        log_in: Some(player.log_in),
        character: Some(character),
        ..SessionEntry::connected("gateway-1")
    };
    assert_eq!(seen().await, entry(first.clone()));
    let epoch = world.lock(player.character).await.epoch;
    map.say(FromMap::Save { saves: vec![save(player.character, epoch, 1, soft_at(2, 9_216))] }).await;
    map.sync().await;
    world.state().world.entries.renew().await.unwrap();
    let saved = SessionCharacter { map_id: MapId(2), at: Some(Position { x: 9_216, y: 2_048 }), ..first };
    assert_eq!(seen().await, entry(saved), "where it was last saved");
}

#[tokio::test]
async fn logging_out_in_the_game_ends_the_session_entry_unless_the_socket_is_open() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    for connected in [true, false] {
        let (player, client) = world.in_world(if connected { "Ann" } else { "Ben" }, &mut map).await;
        let mut client = Some(client);
        if !connected {
            client.take().unwrap().close().await;
            // The seat is given up before the close; settling the entry again waits for nothing else.
            world.state().world.entries.settle(player.account).await.unwrap();
        }
        let (user, epoch) = (player.account.to_string(), world.lock(player.character).await.epoch);
        let before = world.state().sessions.get(&user).await.unwrap().and_then(|entry| entry.character);
        assert_eq!(before.map(|seen| seen.id), Some(player.character.to_string()));
        map.release(save(player.character, epoch, 1, soft_at(1, 0)), LeaveReason::Logout).await;
        map.sync().await;
        assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
        let entry = world.state().sessions.get(&user).await.unwrap();
        assert_eq!(entry, client.map(|_| SessionEntry::connected("gateway-1")), "connected: {connected}");
    }
}

#[tokio::test]
async fn closing_the_socket_alone_leaves_the_player_in_the_world() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, client) = world.in_world("Ann", &mut map).await;
    let user = player.account.to_string();
    let seen = async || (world.lock(player.character).await, world.state().sessions.get(&user).await.unwrap());
    let before = seen().await;
    assert_eq!(before.0.owner, CharacterOwner::Map("map-1".parse().unwrap()));
    assert!(before.1.as_ref().is_some_and(|entry| entry.character.is_some()), "{before:?}");
    client.close().await;
    // The seat is given up before the close; settling the entry again waits for nothing else.
    world.state().world.entries.settle(player.account).await.unwrap();
    assert_eq!(seen().await, before, "the lock keeps the entry");
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(seen().await, before);
    assert!(!map.was_told_to_kick().await);
    let (character, epoch) = (player.character, before.0.epoch);
    map.say(FromMap::Dropped { character, epoch, reason: LeaveReason::ChannelFailed }).await;
    map.sync().await;
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), None, "neither socket nor lock");
}

#[tokio::test]
async fn a_log_out_over_http_ends_its_own_log_in_only() {
    // Long enough that no answer comes just because the wait is over.
    let world = TestWorld::start_with(|config| config.timers.handover_wait = PATIENCE * 3).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let (held, within) = (world.account_lock(player.account).await, world.lock(player.character).await);
    let (account, role) = (player.account, || "player".to_owned());
    let (other_log_in, _) = world.log_in(account).await;
    let other = Caller { account, session: other_log_in, role: role() };
    soon("an answer", world.state().accounts.logout(&other)).await.unwrap();
    assert!(!map.was_told_to_kick().await, "that log-in has nobody in the world");
    assert_eq!(world.lock(player.character).await, within);
    let beside = world.account_lock(player.account).await;
    assert_eq!(beside, AccountLock { epoch: beside.epoch, ..held }, "and nobody waits for it");
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "the socket is open");

    let (newer, _) = world.log_in(player.account).await;
    let (state, own) = (world.state().clone(), Caller { account, session: player.log_in, role: role() });
    let logging_out = tokio::spawn(async move { state.accounts.logout(&own).await });
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    soon("an answer", logging_out).await.unwrap().unwrap();
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None);
    let left = world.account_lock(account).await;
    assert_eq!((left.owner, left.session), (AccountOwner::LogIn, Some(newer)), "the newer one is still waited for");
}

#[tokio::test]
async fn who_comes_in_while_a_log_out_stands_in_line_stays() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let account = player.account;
    let (newer, _) = world.log_in(account).await;
    let entering = world.state().world.exits.gates.pass(account).await;
    let (state, older) = (world.state().clone(), player.log_in);
    let logging_out = tokio::spawn(async move { state.world.exits.log_out(account, older).await });
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    soon("the older log-in's end", async {
        while world.state().store.account_locks.account_lock(account).await.unwrap().unwrap().session == Some(older) {
            a_moment().await;
        }
    })
    .await;
    let entry = world.state().sessions.get(&account.to_string()).await.unwrap().unwrap();
    world.state().world.entries.entered(account, newer, entry.character.unwrap()).await;
    drop(entering);
    logging_out.await.unwrap().unwrap();
    assert_eq!(world.lock(player.character).await.owner.kind(), "map", "another log-in brought it in by now");
}

#[tokio::test]
async fn a_log_out_whose_character_has_left_does_not_ask_for_it_again() {
    let world = TestWorld::start_with(|config| config.timers.handover_wait = Duration::from_secs(1)).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, client) = world.in_world("Ann", &mut map).await;
    client.close().await;
    let (account, older) = (player.account, player.log_in);
    let (newer, token) = world.log_in(account).await;
    let (state, waiter) =
        (world.state().clone(), Waiter { told: mpsc::channel(1).0, cancel: CancellationToken::new() });
    let leaving = tokio::spawn(async move { state.world.exits.leave_world(account, older, &waiter).await });
    let (character, epoch, _) = map.kick().await;
    let _newer = Player { log_in: newer, token, ..player }.connect().await;
    // As if it had left and entered again, by the newer log-in through another sidecar, before this one looked.
    world.state().departures.departed(character);
    leaving.await.unwrap().unwrap();
    assert_eq!((world.lock(character).await.owner.kind(), world.lock(character).await.epoch), ("map", epoch));
}

#[tokio::test]
async fn a_log_out_over_http_does_not_stand_in_line_for_ever() {
    let world = TestWorld::start_with(|config| config.timers.handover_wait = Duration::from_millis(50)).await;
    let player = world.player("Ann").await;
    let caller = Caller { account: player.account, session: player.log_in, role: "player".to_owned() };
    let _entering = world.state().world.exits.gates.pass(player.account).await;
    soon("an answer", world.state().accounts.logout(&caller)).await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_wait_for_its_log_out_is_logged_out_all_the_same() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let caller = Caller { account: player.account, session: player.log_in, role: "player".to_owned() };
    {
        let mut logging_out = std::pin::pin!(world.state().accounts.logout(&caller));
        assert!(futures_util::poll!(&mut logging_out).is_pending());
    }
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    map.sync().await;
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None);
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    let known = world.state().tokens.authenticate(&player.token).await;
    assert_eq!(known.unwrap_err().code, ErrorCode::Unauthorized);
    assert_eq!(world.account_lock(player.account).await.owner, AccountOwner::None);
}

/// Lets a whole hand-over pass: another character's map server is silent for as long as it may be.
pub(super) async fn whole_handover(world: &TestWorld, map: &mut FakeMap) {
    let (other, mut slow) = world.in_world("Bob", map).await;
    slow.send("leave_world", json!({})).await;
    slow.expect("leave_world_success").await;
    assert_eq!(map.fenced().await.0, other.character);
}

#[tokio::test]
async fn who_leaves_in_a_fight_is_told_how_long_its_body_stays() {
    let hasty = Duration::from_secs(3);
    let world = TestWorld::start_with(|config| config.timers.handover_wait = hasty).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let epoch = world.lock(player.character).await.epoch;
    client.send("leave_world", json!({})).await;
    let (character, epoch_asked, reason) = map.kick().await;
    assert_eq!((character, epoch_asked), (player.character, epoch));
    map.say(FromMap::Lingers { character, epoch, ms: 20_000 }).await;
    assert_eq!(client.expect("leaving").await["seconds"], 20);
    // It is as long as the first wait would have been.
    whole_handover(&world, &mut map).await;
    assert_eq!(world.lock(player.character).await.epoch, epoch, "it is not shut out meanwhile");
    map.release(save(character, epoch, 1, soft_at(1, 4_096)), reason).await;
    client.expect("leave_world_success").await;
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!(load.soft, Some(soft_at(1, 4_096)), "what became of it in the fight is saved");
}

#[tokio::test]
async fn a_log_out_over_http_does_not_wait_for_a_fight_to_end() {
    // Long enough that no answer comes just because the wait is over.
    let world = TestWorld::start_with(|config| config.timers.handover_wait = PATIENCE * 3).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let (state, account) = (world.state().clone(), player.account);
    let caller = Caller { account, session: player.log_in, role: "player".to_owned() };
    let logging_out = tokio::spawn(async move { state.accounts.logout(&caller).await });
    let (character, epoch, reason) = map.kick().await;
    map.say(FromMap::Lingers { character, epoch, ms: 600_000 }).await;
    soon("an answer", logging_out).await.unwrap().unwrap();
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    assert_eq!(world.lock(character).await.owner.kind(), "map", "its body fights on");
    map.release(save(character, epoch, 1, soft_at(1, 7)), reason).await;
    map.sync().await;
    assert_eq!(world.lock(character).await.owner, CharacterOwner::None, "and is let go without anybody waiting");
    assert_eq!(world.state().sessions.get(&account.to_string()).await.unwrap(), None);
}
