//! Tests of the account's lock: which log-in gets it, what it allows, and that it is given back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use realmgate_platform::error::ErrorCode;
use realmgate_platform::limits::Source;
use realmgate_platform::testing::soon;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use realmgate_protocol::link::{FromMap, LeaveReason, ToMap};
use secrecy::SecretString;
use serde_json::json;

use crate::lock::{AccountLock, AccountOwner, CharacterOwner, NotClaimed, ServerKey};
use crate::service::world::NotLetIn;
use crate::service::world::testing::{Client, Player, TestWorld, save, soft_at};

async fn lock_of(world: &TestWorld, account: AccountId) -> AccountLock {
    world.state().store.account_locks.account_lock(account).await.unwrap().unwrap()
}

fn caller(player: &Player) -> Caller {
    Caller { account: player.account, session: player.log_in, role: "player".to_owned() }
}

#[tokio::test]
async fn every_log_in_takes_the_lock_as_another_session() {
    let world = TestWorld::start().await;
    let source = Source::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let password = || SecretString::from("correct horse battery");
    let first = world.state().accounts.register(source, "ann", password()).await.unwrap();
    let waiting = lock_of(&world, first.account).await;
    let caller = world.state().tokens.authenticate(&first.access_token).await.unwrap();
    assert_eq!((&waiting.owner, waiting.session), (&AccountOwner::LogIn, Some(caller.session)));
    assert!(waiting.deadline_ms.is_some(), "it waits for its gateway, and not forever");

    let second = world.state().accounts.login(source, "ann", password()).await.unwrap();
    let newer = lock_of(&world, first.account).await;
    let caller = world.state().tokens.authenticate(&second.access_token).await.unwrap();
    assert_eq!((&newer.owner, newer.session), (&AccountOwner::LogIn, Some(caller.session)));
    assert!(newer.session != waiting.session && newer.epoch > waiting.epoch);
}

#[tokio::test]
async fn a_log_in_alone_disturbs_nobody_who_is_connected() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    let held = lock_of(&world, player.account).await;
    let (newer, _) = world.log_in(player.account).await;
    let beside = lock_of(&world, player.account).await;
    assert_eq!((&beside.owner, beside.session), (&held.owner, held.session));
    assert_eq!(beside.newest(), Some(newer), "but it is remembered");
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "the older socket is open");
}

#[tokio::test]
async fn account_data_is_changed_by_who_holds_the_account_alone() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let client = player.connect().await;
    let (newer, _) = world.log_in(player.account).await;
    let stranger = Caller { session: newer, ..caller(&player) };
    let made = world.state().characters.create(&stranger, "Anna", "mage").await;
    assert_eq!(made.map(|_| ()).unwrap_err().code, ErrorCode::AlreadyOnline);
    let deleted = world.state().characters.delete(&stranger, player.character).await;
    assert_eq!(deleted.unwrap_err().code, ErrorCode::AlreadyOnline, "a log-in that has not come to a gateway");
    world.state().characters.create(&caller(&player), "Anna", "mage").await.unwrap();
    client.close().await;
    world.state().characters.delete(&stranger, player.character).await.unwrap();
}

#[tokio::test]
async fn an_account_whose_socket_is_gone_is_let_go() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    // As if the socket had closed while the store could not be reached.
    world.state().world.accounts.claim(player.account, player.log_in).await.unwrap();
    world.state().world.accounts.release_the_deserted().await.unwrap();
    assert_eq!(lock_of(&world, player.account).await.owner, AccountOwner::LogIn);

    let _client = player.connect().await;
    world.state().world.accounts.release_the_deserted().await.unwrap();
    assert_eq!(lock_of(&world, player.account).await.owner.to_string(), "gateway:gateway-1", "it is connected");
}

#[tokio::test]
async fn what_keeps_the_locks_runs_without_being_asked() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    world.state().world.accounts.claim(player.account, player.log_in).await.unwrap();
    let replica = ServerKey::Replica("gateway-1".to_owned());
    let deadline = async || world.state().store.server_locks.server(&replica).await.unwrap().unwrap().lock.deadline_ms;
    let before = deadline().await;
    world.clock.advance(Duration::from_secs(1));
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    soon("the renewal of this sidecar's lock", async {
        while deadline().await == before {
            looks.tick().await;
        }
    })
    .await;
    soon("the end of a lock whose socket is gone", async {
        while lock_of(&world, player.account).await.owner != AccountOwner::LogIn {
            looks.tick().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_older_socket_that_wants_in_does_not_take_the_account_from_a_newer_one() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    world.state().world.accounts.claim(player.account, player.log_in).await.unwrap();
    world.state().world.accounts.hold(player.account, player.log_in).await.unwrap();
    let (newer, _) = world.log_in(player.account).await;
    // The older one enters at the moment the newer one opens.
    let older = world.state().world.accounts.hold(player.account, player.log_in);
    let (_, newest) = tokio::join!(older, world.state().world.accounts.claim(player.account, newer));
    newest.unwrap();
    let refused = world.state().world.accounts.hold(player.account, player.log_in).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AlreadyOnline);
    assert_eq!(lock_of(&world, player.account).await.session, Some(newer));
}

/// Opens a socket that is refused. Returns the close frame's code and reason.
async fn turned_away(player: &Player, token: &str) -> (u16, String) {
    Client::open(&format!("ws://{}/ws?token={token}", player.gateway), &[]).await.closed().await
}

#[tokio::test]
async fn a_socket_of_an_older_log_in_is_turned_away_and_closes_nobodys() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let (newer, token) = world.log_in(player.account).await;
    let replaced = (4_001, "Replaced".to_owned());
    assert_eq!(turned_away(&player, &player.token).await, replaced, "a newer one is on its way");
    let newest = Player { log_in: newer, token, ..player };
    let mut client = newest.connect().await;
    assert_eq!(turned_away(&newest, &player.token).await, replaced, "a newer one is here");
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "whose socket is open");
    assert_eq!(lock_of(&world, newest.account).await.session, Some(newer));
    let older = world.state().world.accounts.claim(newest.account, player.log_in).await;
    assert!(matches!(older, Err(NotLetIn::Refused(NotClaimed::Newer))), "{older:?}");
}

#[tokio::test]
async fn a_log_in_that_was_not_used_in_time_comes_in_after_a_refresh() {
    let world = TestWorld::start().await;
    let source = Source::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let password = SecretString::from("correct horse battery");
    let granted = world.state().accounts.register(source, "ann", password).await.unwrap();
    let player = Player { token: granted.access_token, ..world.player("Ann").await };
    world.pass(Duration::from_secs(30)).await;
    let (code, reason) = turned_away(&player, &player.token).await;
    assert_eq!((code, reason.contains("refresh it, or log in again")), (1_008, true), "{reason}");
    let refreshed = world.state().accounts.refresh(&granted.refresh_token).await.unwrap();
    let mut client = Player { token: refreshed.access_token, ..player }.connect().await;
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE");
}

#[tokio::test]
async fn who_lost_its_socket_comes_back_in_time_without_a_refresh() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    player.connect().await.close().await;
    world.pass(Duration::from_secs(29)).await;
    player.connect().await.close().await;
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(turned_away(&player, &player.token).await.0, 1_008, "its time is over");
}

#[tokio::test]
async fn who_has_left_the_world_keeps_the_account_as_long_as_its_socket_is_open() {
    for in_game in [false, true] {
        let world = TestWorld::start().await;
        let mut map = world.map_server("map-1", &[1]).await;
        let (player, mut client) = world.in_world("Ann", &mut map).await;
        let held = lock_of(&world, player.account).await;
        let epoch = world.lock(player.character).await.epoch;
        let last = save(player.character, epoch, 1, soft_at(1, 0));
        if in_game {
            map.release(last, LeaveReason::Logout).await;
            map.sync().await;
        } else {
            client.send("leave_world", json!({})).await;
            let (.., reason) = map.kick().await;
            map.release(last, reason).await;
            client.expect("leave_world_success").await;
        }
        assert_eq!(world.lock(player.character).await.owner, CharacterOwner::None);
        assert_eq!(lock_of(&world, player.account).await, held, "in game: {in_game}");
        let (newer, _) = world.log_in(player.account).await;
        let made = world.state().characters.create(&Caller { session: newer, ..caller(&player) }, "Anna", "mage").await;
        let refused = made.map(|_| ()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::AlreadyOnline);
        assert_eq!(refused.detail, "Another log-in of this account is connected");
    }
}

#[tokio::test]
async fn a_log_in_whose_refresh_token_was_stolen_ends_with_all_that_lives_by_it() {
    let world = TestWorld::start().await;
    let source = Source::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let password = || SecretString::from("correct horse battery");
    let granted = world.state().accounts.register(source, "ann", password()).await.unwrap();
    let session = world.state().tokens.authenticate(&granted.access_token).await.unwrap().session;
    let character = world.character(granted.account, session, "Ann").await;
    let gateway = world.state().addrs.gateway;
    let player = Player { account: granted.account, log_in: session, token: granted.access_token, character, gateway };
    let mut map = world.map_server("map-1", &[1]).await;
    let mut client = player.connect().await;
    client.enter(character).await;
    let (request, _, epoch) = map.prepare().await;

    // A thief uses the token, and after that its owner does.
    world.state().accounts.refresh(&granted.refresh_token).await.unwrap();
    let reused = world.state().accounts.refresh(&granted.refresh_token).await;
    assert_eq!(reused.map(|_| ()).unwrap_err().code, ErrorCode::InvalidRefreshToken);
    assert_eq!(client.closed().await, (1_000, "Logged out".to_owned()));
    let called_off = map.wait(|message| matches!(message, ToMap::Cancel { .. }).then(|| message.clone())).await;
    assert_eq!(called_off, ToMap::Cancel { character, epoch });
    map.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    soon("the account", async {
        while lock_of(&world, player.account).await.owner != AccountOwner::None {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(turned_away(&player, &player.token).await, (1_008, "Invalid token".to_owned()));
    let owner = world.state().accounts.login(source, "ann", password()).await.unwrap();
    let owner = Player { token: owner.access_token, ..player };
    owner.connect().await;
}

#[tokio::test]
async fn a_socket_that_did_not_hear_of_the_end_of_its_log_in_brings_nobody_in() {
    let world = TestWorld::start().await;
    let _map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    world.state().store.sessions.end(player.log_in, 0).await.unwrap();
    client.enter(player.character).await;
    client.read_to_the_end().await;
    assert_eq!(world.lock(player.character).await.epoch.0, 0, "its lock was never taken");
}
