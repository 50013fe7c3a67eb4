//! What a server held, and who may say that it still does.

use realmgate_protocol::ids::LockEpoch;
use realmgate_protocol::link::Fence;

use super::{
    ACCOUNT, OTHER, WHO, cookie, free, held, lock_of, make_ann, make_character, save, server, start_timer, take,
};
use crate::lock::{
    AccountLock, AccountOwner, CharacterLock, CharacterOwner, CookieHash, ServerKey, ServerLock, Timers,
};
use crate::store::Store;
use crate::store::locks::{KnownServer, Retired, SaveOutcome};
use crate::store::testing::{TestStore, on_both};

on_both!(
    a_server_that_was_renewed_is_not_forgotten,
    what_a_map_server_held_goes_with_its_lock,
    what_a_replica_held_goes_with_its_lock,
    only_the_process_of_the_cookie_stops_a_timer,
    what_is_not_reclaimed_is_fenced,
);

/// A server that was heard of at 0.
async fn known(store: &Store, key: ServerKey) -> KnownServer {
    let lock = ServerLock::heard(&key, cookie(), 0, &Timers::default());
    let known = KnownServer { key, lock, linked_to: None, shared: true };
    assert!(store.server_locks.claim_server(None, &known).await.unwrap());
    known
}

/// Ann's character in the world of the map server, with a timer.
async fn expected(store: &Store) -> CharacterLock {
    make_ann(store).await;
    let expected = CharacterLock { deadline_ms: Some(40_000), ..held(1) };
    take(store, WHO, &expected).await;
    expected
}

async fn a_server_that_was_renewed_is_not_forgotten(store: TestStore) {
    let lock = expected(&store).await;
    let known = known(&store, ServerKey::Map(server())).await;
    let renewed = ServerLock::heard(&known.key, cookie(), 1, &Timers::default());
    assert_eq!(store.server_locks.renew_servers(&[(known.key.clone(), renewed.clone())]).await.unwrap(), []);
    assert_eq!(store.server_locks.retire_server(&known.key, &known.lock, 0).await.unwrap(), None);
    let still = KnownServer { lock: renewed, ..known.clone() };
    assert_eq!(store.server_locks.server(&known.key).await.unwrap(), Some(still));
    assert_eq!(lock_of(&store, WHO).await, lock, "what it holds stays its own");
}

async fn what_a_map_server_held_goes_with_its_lock(store: TestStore) {
    expected(&store).await;
    let known = known(&store, ServerKey::Map(server())).await;
    let retired = Retired { characters: vec![(WHO, ACCOUNT)], accounts: Vec::new() };
    assert_eq!(store.server_locks.retire_server(&known.key, &known.lock, 0).await.unwrap(), Some(retired));
    assert_eq!(lock_of(&store, WHO).await, free(2));
    assert_eq!(store.server_locks.server(&known.key).await.unwrap(), None);
    assert_eq!(
        store.server_locks.retire_server(&known.key, &known.lock, 0).await.unwrap(),
        None,
        "another replica was faster"
    );
}

async fn what_a_replica_held_goes_with_its_lock(store: TestStore) {
    make_ann(&store).await;
    make_character(&store, OTHER, "Bob").await;
    let known = known(&store, ServerKey::Replica("a".to_owned())).await;
    let gateway = AccountOwner::Gateway("a".to_owned());
    let connected = AccountLock { owner: gateway, session: None, epoch: 1, deadline_ms: None, waiting: None };
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &connected).await.unwrap());
    let passing = CharacterLock { owner: CharacterOwner::Gateway("a".to_owned()), ..held(1) };
    take(&store, WHO, &passing).await;
    // One that is lent lives by the heartbeats of its map server instead.
    take(&store, OTHER, &passing).await;
    let who = Fence { character: OTHER, epoch: passing.epoch };
    assert!(store.server_locks.lend(&who, "a", &server(), 30_000).await.unwrap());
    let retired = Retired { characters: vec![(WHO, ACCOUNT)], accounts: vec![ACCOUNT] };
    assert_eq!(store.server_locks.retire_server(&known.key, &known.lock, 0).await.unwrap(), Some(retired));
    assert_eq!(lock_of(&store, WHO).await, free(2));
    assert_eq!(store.locks.fence_passing("a", 0).await.unwrap(), [], "nor does the replica's next run end it");
    assert_eq!(lock_of(&store, OTHER).await, CharacterLock { deadline_ms: Some(30_000), ..passing });
    let freed = AccountLock { epoch: 2, ..AccountLock::FREE };
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(freed));
    assert_eq!(store.server_locks.server(&known.key).await.unwrap(), None);
}

async fn only_the_process_of_the_cookie_stops_a_timer(store: TestStore) {
    let lock = expected(&store).await;
    known(&store, ServerKey::Map(server())).await;
    let (who, stranger) = (Fence { character: WHO, epoch: LockEpoch(1) }, CookieHash::of("of another process"));
    assert!(!store.server_locks.arrive(&server(), &stranger, &who).await.unwrap());
    assert_eq!(store.server_locks.reclaim(&server(), &stranger, &[who]).await.unwrap(), [who]);
    assert_eq!(store.locks.save(&server(), &stranger, &[save(1, 1, 10)]).await.unwrap(), [SaveOutcome::Written]);
    assert_eq!(lock_of(&store, WHO).await, lock, "somebody must be able to end it");
    assert_eq!(store.locks.save(&server(), &cookie(), &[save(1, 2, 20)]).await.unwrap(), [SaveOutcome::Written]);
    assert_eq!(lock_of(&store, WHO).await, held(1));
    start_timer(&store, 30_000).await;
    assert!(store.server_locks.arrive(&server(), &cookie(), &who).await.unwrap());
    assert_eq!(lock_of(&store, WHO).await, held(1));
    start_timer(&store, 30_000).await;
    assert_eq!(store.server_locks.reclaim(&server(), &cookie(), &[who]).await.unwrap(), []);
    assert_eq!(lock_of(&store, WHO).await, held(1));
}

async fn what_is_not_reclaimed_is_fenced(store: TestStore) {
    expected(&store).await;
    known(&store, ServerKey::Map(server())).await;
    start_timer(&store, 30_000).await;
    make_character(&store, OTHER, "Bob").await;
    let fence = |epoch| Fence { character: WHO, epoch: LockEpoch(epoch) };
    assert_eq!(store.server_locks.reclaim(&server(), &cookie(), &[fence(1)]).await.unwrap(), []);
    assert_eq!(store.server_locks.fence_unclaimed(&server(), 0).await.unwrap(), []);
    assert_eq!(lock_of(&store, WHO).await, held(1), "as if nothing had happened");

    take(&store, OTHER, &held(1)).await;
    assert_eq!(store.server_locks.set_character_deadlines(&server(), 30_000).await.unwrap(), 2);
    let other = Fence { character: OTHER, epoch: LockEpoch(1) };
    assert_eq!(store.server_locks.reclaim(&server(), &cookie(), &[fence(7), other]).await.unwrap(), [fence(7)]);
    assert_eq!(store.server_locks.fence_unclaimed(&server(), 0).await.unwrap(), [(WHO, ACCOUNT)]);
    assert_eq!((lock_of(&store, WHO).await, lock_of(&store, OTHER).await), (free(2), held(1)));
}
