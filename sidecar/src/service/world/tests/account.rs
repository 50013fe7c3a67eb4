//! Tests of the account's lock: which log-in gets it, what it allows, and that it is given back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use realmgate_platform::error::ErrorCode;
use realmgate_platform::limits::Source;
use realmgate_platform::testing::soon;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::{AccountId, CharacterId};
use realmgate_protocol::link::{FromMap, LeaveReason, ToMap};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lock::{AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, NotClaimed, ServerKey};
use crate::service::names::Name;
use crate::service::world::testing::{Client, Player, TestWorld, save, soft_at};
use crate::service::world::{Entry, NotLetIn, Waiter};

/// How a socket is turned away whose log-in nobody waits for any more.
const TOO_LATE: &str = "The login was not used in time: refresh it, or log in again";

fn caller(player: &Player) -> Caller {
    Caller { account: player.account, session: player.log_in, role: "player".to_owned() }
}

#[tokio::test]
async fn a_log_in_by_name_takes_the_lock_and_the_next_one_as_another_session() {
    let world = TestWorld::start().await;
    let source = Source::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    let password = || SecretString::from("correct horse battery");
    let first = world.state().accounts.register(source, "ann", password()).await.unwrap();
    let waiting = world.account_lock(first.account).await;
    let caller = world.state().tokens.authenticate(&first.access_token).await.unwrap();
    // It waits for its gateway, and not forever.
    let deadline_ms = Some(world.state().time.now_ms() + 30_000);
    let (owner, session) = (AccountOwner::LogIn, Some(caller.session));
    assert_eq!(waiting, AccountLock { owner, session, epoch: 1, deadline_ms, waiting: None });

    let second = world.state().accounts.login(source, "ann", password()).await.unwrap();
    let newer = world.account_lock(first.account).await;
    let caller = world.state().tokens.authenticate(&second.access_token).await.unwrap();
    assert_eq!(newer, AccountLock { session: Some(caller.session), epoch: 2, ..waiting.clone() });
    assert_ne!(newer.session, waiting.session);
}

#[tokio::test]
async fn a_log_in_alone_disturbs_nobody_who_is_connected() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let (held, within) = (world.account_lock(player.account).await, world.lock(player.character).await);
    let (newer, _) = world.log_in(player.account).await;
    let beside = world.account_lock(player.account).await;
    assert_eq!((&beside.owner, beside.session, beside.deadline_ms), (&held.owner, held.session, None));
    assert_eq!(beside.newest(), Some(newer), "but it is remembered");
    world.pass(Duration::from_secs(60)).await;
    let after = world.account_lock(player.account).await;
    assert_eq!(after, AccountLock { epoch: after.epoch, ..held }, "nor when it does not come");
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "the older socket is open");
    assert!(!map.was_told_to_kick().await);
    assert_eq!(world.lock(player.character).await, within, "its player plays on");
}

/// What a log-in is told that may not change the account's data, for each way to change it.
async fn refusals(world: &TestWorld, caller: &Caller, character: CharacterId) -> [ErrorCode; 4] {
    let (characters, name) = (&world.state().characters, Name::parse("Anna").unwrap());
    let refused = [
        characters.create(caller, "Anna", "mage").await.map(drop),
        characters.change(caller, character, Some(&name), None).await.map(drop),
        characters.delete(caller, character).await,
        characters.restore(caller, character).await.map(drop),
    ];
    refused.map(|refused| refused.unwrap_err().code)
}

#[tokio::test]
async fn account_data_is_changed_by_who_holds_the_account_alone() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let client = player.connect().await;
    let (newer, _) = world.log_in(player.account).await;
    let (holder, stranger) = (caller(&player), Caller { session: newer, ..caller(&player) });
    let before = world.state().characters.list(&holder).await.unwrap();
    let held = [ErrorCode::AlreadyOnline; 4];
    let refused = refusals(&world, &stranger, player.character).await;
    assert_eq!(refused, held, "a log-in that has not come to a gateway");
    assert_eq!(world.state().characters.list(&holder).await.unwrap(), before);
    let (characters, hanna) = (&world.state().characters, Name::parse("Hanna").unwrap());
    let anna = characters.create(&holder, "Anna", "mage").await.unwrap();
    assert_eq!(characters.change(&holder, anna.id, Some(&hanna), None).await.unwrap().name, "Hanna");
    characters.delete(&holder, anna.id).await.unwrap();
    assert_eq!(characters.restore(&holder, anna.id).await.unwrap().deletes_at_ms, None);
    client.close().await;
    assert_eq!(refusals(&world, &holder, anna.id).await, held, "the newer one is waited for");
    world.state().characters.delete(&stranger, player.character).await.unwrap();
}

#[tokio::test]
async fn an_account_whose_socket_is_gone_is_let_go() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    // As if the socket had closed while the store could not be reached.
    world.state().world.accounts.claim(player.account, player.log_in).await.unwrap();
    world.state().world.accounts.release_the_deserted().await.unwrap();
    assert_eq!(world.account_lock(player.account).await.owner, AccountOwner::LogIn);

    let _client = player.connect().await;
    world.state().world.accounts.release_the_deserted().await.unwrap();
    assert_eq!(world.account_lock(player.account).await.owner.to_string(), "gateway:gateway-1", "it is connected");
}

/// Looks again and again, until something is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    soon(what, async {
        while !is_so().await {
            looks.tick().await;
        }
    })
    .await;
}

/// Takes an account from its gateway, as another gateway does that could not reach it.
async fn fence(world: &TestWorld, account: AccountId) {
    let (state, held) = (world.state(), world.account_lock(account).await);
    let fenced = held.after(&AccountStep::Fenced, state.time.now_ms(), &state.config.timers).unwrap();
    assert!(state.store.account_locks.change_account_lock(account, &held, &fenced).await.unwrap());
}

#[tokio::test]
async fn what_keeps_the_locks_runs_without_being_asked() {
    let world = TestWorld::start_with(|config| config.timers.log_in = Duration::from_secs(1)).await;
    let (ann, ben) = (world.player("Ann").await, world.player("Ben").await);
    let (cid, dan) = (world.player("Cid").await, world.player("Dan").await);
    world.state().world.accounts.claim(ann.account, ann.log_in).await.unwrap();
    let mut ousted = ben.connect().await;
    fence(&world, ben.account).await;
    let _client = dan.connect().await;
    let replica = ServerKey::Replica("gateway-1".to_owned());
    let deadline = async || world.state().store.server_locks.server(&replica).await.unwrap().unwrap().lock.deadline_ms;
    let before = deadline().await;
    world.clock.advance(Duration::from_secs(1));
    until("the renewal of this sidecar's lock", async || deadline().await != before).await;
    let owner_of = async |account| world.account_lock(account).await.owner;
    until("the end of a wait for a log-in", async || owner_of(cid.account).await == AccountOwner::None).await;

    world.clock.advance(Duration::from_secs(45));
    let entry = async || world.state().sessions.get(&dan.account.to_string()).await.unwrap();
    assert_eq!(entry().await, None, "not renewed yet");
    until("the renewal of an entry", async || entry().await.is_some()).await;
    assert_eq!(ousted.closed().await, (4_001, "Replaced".to_owned()), "another gateway has its account");
    let waits = async || owner_of(ann.account).await == AccountOwner::LogIn;
    until("the end of a lock whose socket is gone", waits).await;
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
    let taken = world.account_lock(player.account).await;
    assert!(taken.is_held(newer, "gateway-1"), "{taken:?}");
    let refused = world.state().world.accounts.hold(player.account, player.log_in).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AlreadyOnline);
    let (account, log_in, character) = (player.account, player.log_in, player.character);
    let waiter = Waiter { told: mpsc::channel(1).0, cancel: CancellationToken::new() };
    let entry = Entry { account, log_in, character, channel: None, own: None, trace: String::new(), waiter };
    let refused = world.state().world.entrance.enter(&entry).await.map(drop).unwrap_err();
    assert_eq!(refused.code, ErrorCode::AlreadyOnline);
    let refused = world.state().world.accounts.claim(account, log_in).await;
    assert!(matches!(refused, Err(NotLetIn::Refused(NotClaimed::Newer))), "{refused:?}");
    assert_eq!((world.account_lock(account).await, world.lock(character).await), (taken, CharacterLock::FREE));
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
    assert_eq!(world.account_lock(newest.account).await.session, Some(newer));
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
    assert_eq!(turned_away(&player, &player.token).await, (1_008, TOO_LATE.to_owned()));
    let refreshed = world.state().accounts.refresh(&granted.refresh_token).await.unwrap();
    let session = world.state().tokens.authenticate(&refreshed.access_token).await.unwrap().session;
    let mut client = Player { token: refreshed.access_token, ..player }.connect().await;
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE");
    assert!(world.account_lock(granted.account).await.is_held(session, "gateway-1"));
}

#[tokio::test]
async fn who_lost_its_socket_comes_back_in_time_without_a_refresh() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    player.connect().await.close().await;
    world.pass(Duration::from_secs(29)).await;
    player.connect().await.close().await;
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(turned_away(&player, &player.token).await, (1_008, TOO_LATE.to_owned()));
}

#[tokio::test]
async fn a_log_in_that_makes_calls_is_waited_for() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    for _ in 0..4 {
        world.pass(Duration::from_secs(20)).await;
        world.state().accounts.keep_waiting(&caller(&player)).await.unwrap();
    }
    player.connect().await.close().await;
    // Over is over: an old client that goes on asking takes nothing from a newer log-in.
    world.pass(Duration::from_secs(31)).await;
    world.state().accounts.keep_waiting(&caller(&player)).await.unwrap();
    assert_eq!(turned_away(&player, &player.token).await, (1_008, TOO_LATE.to_owned()));
}

#[tokio::test]
async fn who_has_left_the_world_keeps_the_account_as_long_as_its_socket_is_open() {
    for in_game in [false, true] {
        let world = TestWorld::start().await;
        let mut map = world.map_server("map-1", &[1]).await;
        let (player, mut client) = world.in_world("Ann", &mut map).await;
        let held = world.account_lock(player.account).await;
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
        assert_eq!(world.account_lock(player.account).await, held, "in game: {in_game}");
        world.pass(Duration::from_secs(60)).await;
        assert_eq!(world.account_lock(player.account).await, held, "in game: {in_game}");
        let (newer, _) = world.log_in(player.account).await;
        let newer = Caller { session: newer, ..caller(&player) };
        let refused = world.state().characters.create(&newer, "Anna", "mage").await.map(drop).unwrap_err();
        assert_eq!(refused.code, ErrorCode::AlreadyOnline);
        assert_eq!(refused.detail, "Another login of this account is connected");
        client.close().await;
        world.state().characters.create(&newer, "Anna", "mage").await.unwrap();
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

    // A thief uses the token, and the next one; after that the owner uses it.
    let stolen = world.state().accounts.refresh(&granted.refresh_token).await.unwrap();
    let stolen = world.state().accounts.refresh(&stolen.refresh_token).await.unwrap();
    let reused = world.state().accounts.refresh(&granted.refresh_token).await;
    assert_eq!(reused.map(drop).unwrap_err().code, ErrorCode::InvalidRefreshToken);
    assert_eq!(client.closed().await, (1_000, "Logged out".to_owned()));
    let called_off = map.wait(|message| matches!(message, ToMap::Cancel { .. }).then(|| message.clone())).await;
    assert_eq!(called_off, ToMap::Cancel { character, epoch });
    map.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    let user = player.account.to_string();
    until("the end of the account's lock, the character's and the entry", async || {
        world.account_lock(player.account).await.owner == AccountOwner::None
            && world.lock(character).await.owner == CharacterOwner::None
            && world.state().sessions.get(&user).await.unwrap().is_none()
    })
    .await;
    let refreshed = world.state().accounts.refresh(&stolen.refresh_token).await;
    assert_eq!(refreshed.map(drop).unwrap_err().code, ErrorCode::InvalidRefreshToken, "the thief's, too");
    let known = world.state().tokens.authenticate(&stolen.access_token).await;
    assert_eq!(known.unwrap_err().code, ErrorCode::Unauthorized);
    assert_eq!(turned_away(&player, &player.token).await, (1_008, "Invalid token".to_owned()));
    let again = world.state().accounts.login(source, "ann", password()).await.unwrap();
    let owner = Player { token: again.access_token, ..player };
    let mut client = owner.connect().await;

    // The same when its player is in the world already.
    client.enter(character).await;
    let (_, epoch) = map.admit().await;
    client.expect("enter_world_success").await;
    map.entered(character, epoch).await;
    map.sync().await;
    let next = world.state().accounts.refresh(&again.refresh_token).await.unwrap();
    world.state().accounts.refresh(&next.refresh_token).await.unwrap();
    let reused = world.state().accounts.refresh(&again.refresh_token).await;
    assert_eq!(reused.map(drop).unwrap_err().code, ErrorCode::InvalidRefreshToken);
    assert_eq!(map.kick().await, (character, epoch, LeaveReason::Logout));
    map.release(save(character, epoch, 1, soft_at(1, 0)), LeaveReason::Logout).await;
    assert_eq!(client.closed().await, (1_000, "Logged out".to_owned()));
    until("the end of its player and of the entry", async || {
        world.lock(character).await.owner == CharacterOwner::None
            && world.state().sessions.get(&user).await.unwrap().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_socket_that_did_not_hear_of_the_end_of_its_log_in_brings_nobody_in() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    world.state().store.sessions.end(player.log_in, 0).await.unwrap();
    client.enter(player.character).await;
    client.read_to_the_end().await;
    assert_eq!(world.lock(player.character).await, CharacterLock::FREE, "its lock was never taken");
    assert!(!map.was_asked().await);
}
