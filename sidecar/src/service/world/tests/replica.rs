//! A sidecar takes its own lock: as the process that had it, as a stranger, and as the successor of a silent one.

use std::fs;

use crate::directory::Cookie;
use crate::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CookieHash, LockOwner, LockStep, ServerKey, ServerLock,
};
use crate::service::world::NotAllowed;
use crate::service::world::replica::claim;
use crate::service::world::testing::{Player, TestWorld};
use crate::store::locks::KnownServer;

/// A player whose account and character this sidecar holds: connected, and on the way into a world.
async fn passing(world: &TestWorld) -> Player {
    let player = world.player("Ann").await;
    let (state, now_ms) = (world.state(), world.state().db_time.now_ms());
    let gateway = || "gateway-1".to_owned();
    let claimed = AccountStep::Claimed { session: player.log_in, gateway: gateway() };
    let held = AccountLock::FREE.after(&claimed, now_ms, &state.config.timers).unwrap();
    assert!(state.store.account_locks.change_account_lock(player.account, &AccountLock::FREE, &held).await.unwrap());
    let enter = LockStep::Enter { gateway: gateway() };
    let passing = CharacterLock::FREE.after(&enter, now_ms, &state.config.timers).unwrap();
    assert!(state.store.locks.change(player.character, &CharacterLock::FREE, &passing, now_ms).await.unwrap());
    player
}

async fn account_lock(world: &TestWorld, player: &Player) -> AccountLock {
    world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap()
}

fn cookie_file(world: &TestWorld) -> std::path::PathBuf {
    world.state().config.data_dir.join("gateway-1.cookie")
}

#[tokio::test]
async fn a_sidecar_that_comes_back_has_a_while_to_reclaim() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let before = account_lock(&world, &player).await;
    let now_ms = world.state().db_time.now_ms();
    // As the next process in the same folder does.
    claim(world.state()).await.unwrap();
    let waiting = account_lock(&world, &player).await;
    assert_eq!(waiting, AccountLock { deadline_ms: Some(now_ms + 30_000), ..before });
    let lock = world.lock(player.character).await;
    assert_eq!(lock.owner, LockOwner::None, "nobody is on the way any more");
    assert_eq!(lock.epoch.0, 2, "and what was announced is stale");
}

#[tokio::test]
async fn an_id_that_lives_elsewhere_is_refused() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let before = account_lock(&world, &player).await;
    // A second process of this id, with a folder of its own.
    for kept in [None, Some(Cookie::random().unwrap())] {
        match kept {
            None => fs::remove_file(cookie_file(&world)).unwrap(),
            Some(cookie) => fs::write(cookie_file(&world), cookie.expose()).unwrap(),
        }
        let refused = claim(world.state()).await.unwrap_err();
        assert!(matches!(&refused, NotAllowed::IdTaken(id) if id == "gateway-1"), "{refused}");
    }
    assert_eq!(account_lock(&world, &player).await, before, "the one that lives keeps what it holds");
}

#[tokio::test]
async fn the_successor_of_a_silent_sidecar_begins_with_nothing() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let (store, key) = (&world.state().store, ServerKey::Replica("gateway-1".to_owned()));
    let own = store.server_locks.server(&key).await.unwrap().unwrap();
    let (cookie, deadline_ms) = (CookieHash::of("another"), own.lock.deadline_ms);
    let silent = KnownServer { lock: ServerLock { cookie, heard_ms: 0, deadline_ms }, ..own.clone() };
    assert!(store.server_locks.claim_server(Some(&own.lock), &silent).await.unwrap());
    claim(world.state()).await.unwrap();
    assert_eq!(account_lock(&world, &player).await.owner, AccountOwner::None);
    assert_eq!(world.lock(player.character).await.owner, LockOwner::None);
    let shown = Cookie::shown(fs::read_to_string(cookie_file(&world)).unwrap().trim()).unwrap();
    let kept = store.server_locks.server(&key).await.unwrap().unwrap().lock.cookie;
    assert!(kept == shown.hash() && kept != own.lock.cookie, "with a cookie of its own");
}
