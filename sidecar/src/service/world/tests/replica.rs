//! Tests of the sidecar's own lock: it is taken by the process that had it, by a stranger, by the successor of a silent
//! one, and never while another one lives.

use std::fs;
use std::time::Duration;

use realmgate_platform::testing::soon;
use tempfile::TempDir;

use crate::app::StartError;
use crate::directory::Cookie;
use crate::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, CookieHash, LockStep, NotClaimed, ServerKey,
    ServerLock,
};
use crate::service::world::testing::{Figures, Player, TestWorld};
use crate::service::world::{NotAllowed, NotLetIn};
use crate::store::locks::KnownServer;

/// A player whose account and character this sidecar holds: connected, and on the way into a world.
async fn passing(world: &TestWorld) -> Player {
    let player = world.player("Ann").await;
    let (state, now_ms) = (world.state(), world.state().time.now_ms());
    let gateway = || "gateway-1".to_owned();
    let claimed = AccountStep::Claimed { session: player.log_in, gateway: gateway() };
    let waiting = account_lock(world, &player).await;
    let held = waiting.after(&claimed, now_ms, &state.config.timers).unwrap();
    assert!(state.store.account_locks.change_account_lock(player.account, &waiting, &held).await.unwrap());
    let enter = LockStep::Enter { gateway: gateway() };
    let passing = CharacterLock::FREE.after(&enter, now_ms, &state.config.timers).unwrap();
    assert!(state.store.locks.change(player.character, &CharacterLock::FREE, &passing, now_ms).await.unwrap());
    player
}

async fn account_lock(world: &TestWorld, player: &Player) -> AccountLock {
    world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap()
}

fn key() -> ServerKey {
    ServerKey::Replica("gateway-1".to_owned())
}

/// The sidecar's row in the store.
async fn own_lock(world: &TestWorld) -> KnownServer {
    world.state().store.server_locks.server(&key()).await.unwrap().unwrap()
}

fn cookie_file(world: &TestWorld) -> std::path::PathBuf {
    world.state().config.data_dir.join("gateway-1.cookie")
}

/// A folder with this cookie, as on another machine that was given a copy.
fn copy_of(cookie: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    if let Some(cookie) = cookie {
        fs::create_dir_all(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/gateway-1.cookie"), cookie).unwrap();
    }
    folder
}

/// kill -9: the process is gone, and so is the lock on its folder.
fn kill(world: &TestWorld) {
    world.state().background.shutdown.cancel();
    assert!(world.state().world.replica.folder.lock().unwrap().take().is_some());
}

fn refused(started: Result<TestWorld, StartError>) -> NotAllowed {
    match started {
        Err(StartError::NotAllowed(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it runs"),
    }
}

#[tokio::test]
async fn a_sidecar_that_comes_back_has_a_while_to_reclaim() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let (before, cookie) = (account_lock(&world, &player).await, own_lock(&world).await.lock.cookie);
    let now_ms = world.state().time.now_ms();
    kill(&world);
    let next = soon("a restart, which waits for nobody", world.again(None)).await.unwrap();
    let waiting = account_lock(&next, &player).await;
    assert_eq!(waiting, AccountLock { deadline_ms: Some(now_ms + 30_000), ..before });
    let lock = next.lock(player.character).await;
    assert_eq!(lock.owner, CharacterOwner::None, "nobody is on the way any more");
    assert_eq!(lock.epoch.0, 2, "and what was announced is stale");
    assert_ne!(own_lock(&next).await.lock.cookie, cookie, "each process has a cookie of its own");
}

#[tokio::test]
async fn a_second_process_of_one_folder_is_refused() {
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    let before = (own_lock(&world).await, account_lock(&world, &player).await);
    let why = refused(world.again(None).await);
    assert!(matches!(&why, NotAllowed::FolderTaken { id, .. } if id == "gateway-1"), "{why}");
    assert_eq!(
        (own_lock(&world).await, account_lock(&world, &player).await),
        before,
        "the living one keeps all it has"
    );
    client.send_text("?").await;
    assert_eq!(client.expect_error().await, "BAD_MESSAGE", "its socket is open");
}

#[tokio::test]
async fn a_second_process_with_a_copied_cookie_is_refused_while_the_first_lives() {
    let world = TestWorld::start().await;
    let (cookie, before) = (fs::read_to_string(cookie_file(&world)).unwrap(), own_lock(&world).await.lock.cookie);
    let living = async {
        loop {
            world.clock.advance(Duration::from_secs(1));
            world.state().world.renewal.renew().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let why = tokio::select! {
        started = soon("an answer", world.again(Some(copy_of(Some(&cookie))))) => refused(started),
        () = living => unreachable!("it lives forever"),
    };
    assert!(matches!(&why, NotAllowed::CookieTaken { id, .. } if id == "gateway-1"), "{why}");
    assert_eq!(own_lock(&world).await.lock.cookie, before, "the first one's is still good");
}

#[tokio::test]
async fn a_copied_cookie_is_good_once_its_process_is_silent_which_then_is_cut_off() {
    let figures = Figures::listen();
    let looks = || figures.count("realmgate_database_seconds_count{call=\"server_lock\"}");
    let world = TestWorld::start().await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    let copy = copy_of(Some(&fs::read_to_string(cookie_file(&world)).unwrap()));
    // Its own renewals stand still, as in a process that was stopped for a while. This closes its sockets, too.
    world.state().background.shutdown.cancel();
    assert_eq!(client.closed().await.0, 1001);
    let before = own_lock(&world).await.lock;
    world.clock.advance(Duration::from_millis(11_999));
    let seen = looks();
    let silent = async {
        let mut pauses = tokio::time::interval(Duration::from_millis(50));
        while looks() < seen + 3 {
            pauses.tick().await;
        }
        assert_eq!(own_lock(&world).await.lock, before, "it may live: that is waited for");
        world.clock.advance(Duration::from_millis(1));
        std::future::pending::<()>().await;
    };
    let next = tokio::select! {
        started = soon("its start", world.again(Some(copy))) => started.unwrap(),
        () = silent => unreachable!("it stays silent"),
    };
    let known = own_lock(&next).await.lock;
    assert_eq!(known.heard_ms, before.heard_ms + 12_000);
    assert_ne!(known.cookie, before.cookie);
    world.state().world.renewal.renew().await.unwrap();
    assert_eq!(own_lock(&next).await.lock.cookie, known.cookie, "the first one does not know the new cookie");
    let (newer, _) = next.log_in(player.account).await;
    let waiting = account_lock(&next, &player).await;
    let late = world.state().world.accounts.claim(player.account, newer).await;
    assert!(matches!(late, Err(NotLetIn::Refused(NotClaimed::Newer))), "{late:?}");
    assert_eq!(account_lock(&next, &player).await, waiting, "the first one takes nothing any more");
    next.state().world.accounts.claim(player.account, newer).await.unwrap();
    assert!(account_lock(&next, &player).await.is_held(newer, "gateway-1"));
}

#[tokio::test]
async fn an_id_that_lives_elsewhere_is_refused() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let holds =
        async || (own_lock(&world).await, account_lock(&world, &player).await, world.lock(player.character).await);
    let before = holds().await;
    // A second process with this id, in its own folder.
    for kept in [None, Some(Cookie::random().unwrap())] {
        let why = refused(world.again(Some(copy_of(kept.as_ref().map(Cookie::expose)))).await);
        assert!(matches!(&why, NotAllowed::IdTaken(id) if id == "gateway-1"), "{why}");
    }
    assert_eq!(holds().await, before, "the one that lives keeps what it holds");
}

#[tokio::test]
async fn the_successor_of_a_silent_sidecar_begins_with_nothing() {
    let world = TestWorld::start().await;
    let player = passing(&world).await;
    let store = &world.state().store;
    let own = own_lock(&world).await;
    let (cookie, deadline_ms) = (CookieHash::of("another"), own.lock.deadline_ms);
    let silent = KnownServer { lock: ServerLock { cookie, heard_ms: 0, deadline_ms }, ..own.clone() };
    assert!(store.server_locks.claim_server(Some(&own.lock), &silent).await.unwrap());
    kill(&world);
    let next = world.again(None).await.unwrap();
    assert_eq!(account_lock(&next, &player).await.owner, AccountOwner::None);
    assert_eq!(next.lock(player.character).await.owner, CharacterOwner::None);
    let shown = Cookie::shown(fs::read_to_string(cookie_file(&next)).unwrap().trim()).unwrap();
    let kept = own_lock(&next).await.lock.cookie;
    assert!(kept == shown.hash() && kept != own.lock.cookie, "with a cookie of its own");
}
