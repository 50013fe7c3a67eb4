//! Locks that somebody holds: what the tests of the timers begin with.

use realmgate_protocol::ids::LockEpoch;

use crate::lock::timers::deadline;
use crate::lock::{
    AccountOwner, AccountStep, CharacterLock, CharacterOwner, CookieHash, LockStep, ServerKey, ServerLock,
};
use crate::service::world::testing::{Client, FakeMap, Player, TestWorld};
use crate::store::locks::KnownServer;

pub(super) async fn owner_of(world: &TestWorld, player: &Player) -> AccountOwner {
    world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap().owner
}

pub(super) fn here() -> AccountOwner {
    AccountOwner::Gateway("gateway-1".to_owned())
}

/// A player for whom a ticket was minted.
pub(super) async fn expected(world: &TestWorld) -> (FakeMap, Player) {
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.admit().await;
    client.expect("enter_world_success").await;
    (map, player)
}

/// A player whose lock is lent to a map server without a link, where that is allowed.
pub(super) async fn lent(world: &TestWorld) -> (Player, Client) {
    FakeMap::register(world.state(), "foreign-1", &[1], None).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    client.expect("enter_world_success").await;
    (player, client)
}

/// Begins a character's way into a world, which nobody ends. Returns its lock.
pub(super) async fn begin_way_in(world: &TestWorld, player: &Player) -> CharacterLock {
    let (locks, timers) = (&world.state().store.locks, &world.state().config.timers);
    let now_ms = world.state().time.now_ms();
    let step = LockStep::Enter { gateway: "gateway-1".to_owned() };
    let passing = CharacterLock::FREE.after(&step, now_ms, timers).unwrap();
    assert!(locks.change(player.character, &CharacterLock::FREE, &passing, now_ms).await.unwrap());
    passing
}

/// Another sidecar that holds a player's account and character, which is on its way. Returns its lock and the
/// character's.
pub(super) async fn other_replica(world: &TestWorld, player: &Player) -> (ServerKey, ServerLock, CharacterLock) {
    let state = world.state();
    let key = ServerKey::Replica("gateway-2".to_owned());
    let cookie = CookieHash::of("another");
    let lock = ServerLock::heard(&key, cookie, state.time.now_ms(), &state.config.timers);
    let known = KnownServer { key: key.clone(), lock: lock.clone(), linked_to: None, shared: true };
    assert!(state.store.server_locks.claim_server(None, &known).await.unwrap());
    let free = state.store.account_locks.account_lock(player.account).await.unwrap().unwrap();
    let step = AccountStep::Claimed { session: player.log_in, gateway: "gateway-2".to_owned() };
    let held = free.after(&step, state.time.now_ms(), &state.config.timers).unwrap();
    assert!(state.store.account_locks.change_account_lock(player.account, &free, &held).await.unwrap());
    let way_in = CharacterLock {
        owner: CharacterOwner::Gateway("gateway-2".to_owned()),
        epoch: LockEpoch(1),
        // The timer of the way in is not what ends it.
        deadline_ms: None,
    };
    assert!(
        state.store.locks.change(player.character, &CharacterLock::FREE, &way_in, state.time.now_ms()).await.unwrap()
    );
    (key, lock, way_in)
}

/// An account that this sidecar's earlier run held.
pub(super) async fn left_behind(world: &TestWorld) -> Player {
    let player = world.player("Ann").await;
    let state = world.state();
    let free = state.store.account_locks.account_lock(player.account).await.unwrap().unwrap();
    let step = AccountStep::Claimed { session: player.log_in, gateway: "gateway-1".to_owned() };
    let held = free.after(&step, state.time.now_ms(), &state.config.timers).unwrap();
    assert!(state.store.account_locks.change_account_lock(player.account, &free, &held).await.unwrap());
    let until_ms = deadline(state.time.now_ms(), state.config.timers.replica_reclaim);
    assert_eq!(state.store.account_locks.set_account_deadlines("gateway-1", until_ms).await.unwrap(), 1);
    player
}
