//! The account's lock: who gets it by logging in, what it is good for, and that it is given back.

use std::net::{IpAddr, Ipv4Addr};

use realmgate_protocol::ids::AccountId;
use secrecy::SecretString;

use crate::error::ErrorCode;
use crate::lock::{AccountLock, AccountOwner};
use crate::service::limits::Source;
use crate::service::tokens::{Caller, authenticate};
use crate::service::world::account::{hold, release_the_deserted};
use crate::service::world::testing::{Player, TestWorld};
use crate::service::world::{claim, logged_in};
use crate::service::{accounts, characters};

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
    let first = accounts::register(world.state(), source, "ann", password()).await.unwrap();
    let waiting = lock_of(&world, first.account).await;
    let caller = authenticate(world.state(), &first.access_token).await.unwrap();
    assert_eq!((&waiting.owner, waiting.session), (&AccountOwner::LogIn, Some(caller.session)));
    assert!(waiting.deadline_ms.is_some(), "it waits for its gateway, and not for ever");

    let second = accounts::login(world.state(), source, "ann", password()).await.unwrap();
    let newer = lock_of(&world, first.account).await;
    let caller = authenticate(world.state(), &second.access_token).await.unwrap();
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
    logged_in(world.state(), player.account, newer).await.unwrap();
    assert_eq!(lock_of(&world, player.account).await, held);
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "the older socket is open");
}

#[tokio::test]
async fn account_data_is_changed_by_who_holds_the_account_alone() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let (newer, _) = world.log_in(player.account).await;
    let stranger = Caller { session: newer, ..caller(&player) };
    let client = player.connect().await;
    let made = characters::create(world.state(), &stranger, "Anna", "mage").await;
    assert_eq!(made.map(|_| ()).unwrap_err().code, ErrorCode::AlreadyOnline);
    let deleted = characters::delete(world.state(), &stranger, player.character).await;
    assert_eq!(deleted.unwrap_err().code, ErrorCode::AlreadyOnline);
    characters::create(world.state(), &caller(&player), "Anna", "mage").await.unwrap();
    client.close().await;
    characters::delete(world.state(), &stranger, player.character).await.unwrap();
}

#[tokio::test]
async fn an_account_whose_socket_is_gone_is_let_go() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    // As where the socket closed while the store could not be reached.
    claim(world.state(), player.account, player.log_in).await.unwrap();
    release_the_deserted(world.state()).await.unwrap();
    assert_eq!(lock_of(&world, player.account).await.owner, AccountOwner::None);

    let _client = player.connect().await;
    release_the_deserted(world.state()).await.unwrap();
    assert_eq!(lock_of(&world, player.account).await.owner.to_string(), "gateway:gateway-1", "it is connected");
}

#[tokio::test]
async fn an_older_socket_that_wants_in_does_not_take_the_account_from_a_newer_one() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    for _ in 0..50 {
        let (newer, _) = world.log_in(player.account).await;
        // The older one has left the world, which frees the lock, and enters in the moment in which the newer one opens.
        let older = hold(world.state(), player.account, player.log_in);
        let (_, newest) = tokio::join!(older, claim(world.state(), player.account, newer));
        newest.unwrap();
        assert_eq!(lock_of(&world, player.account).await.session, Some(newer));
        release_the_deserted(world.state()).await.unwrap();
    }
}
