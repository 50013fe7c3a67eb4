//! Which gateways may take an account's lock, and bring a character in under it.

use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::{CharacterId, LockEpoch};
use uuid::Uuid;

use super::{ACCOUNT, OTHER, WHO, cookie, free, lock_of, make_ann, make_character};
use crate::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, CookieHash, LockStep, ServerKey, ServerLock,
    Timers,
};
use crate::store::Store;
use crate::store::locks::{Entering, KnownServer};
use crate::store::testing::{TestStore, on_both, on_postgres};

on_both!(
    an_account_lock_changes_hands_once,
    an_account_is_taken_under_the_lock_of_the_replica,
    who_does_not_hold_the_account_brings_nobody_in,
    one_character_of_an_account_comes_in,
    who_is_waited_for_beside_a_gateway_is_kept_and_has_a_timer,
);
on_postgres!(of_two_that_come_in_at_once_the_second_waits_and_stays_out);

const SESSION: Uuid = Uuid::from_u128(1);

fn connected() -> AccountLock {
    AccountLock {
        owner: AccountOwner::Gateway("a".to_owned()),
        session: Some(SESSION),
        epoch: 1,
        deadline_ms: None,
        waiting: None,
    }
}

/// Ann with a second character, connected at `a`.
async fn connect_ann(store: &Store) {
    make_ann(store).await;
    make_character(store, OTHER, "Anna").await;
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &connected()).await.unwrap());
}

/// Tries to take a free lock on the way in.
async fn enter(store: &Store, character: CharacterId, session: Uuid, gateway: &str) -> bool {
    let from = lock_of(store, character).await;
    let step = LockStep::Enter { gateway: gateway.to_owned() };
    let to = from.after(&step, 0, &Timers::default()).unwrap();
    let entering = Entering { character, account: ACCOUNT, session, gateway, from: &from, to: &to };
    store.account_locks.enter(&entering, 0).await.unwrap()
}

async fn an_account_lock_changes_hands_once(store: TestStore) {
    make_ann(&store).await;
    // Another account's lock is free as well: a change of both is reported as none.
    store.execute("INSERT INTO accounts (id, created_at_ms) VALUES ('eves', 0)").await;
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &connected()).await.unwrap());
    let late = AccountLock { owner: AccountOwner::Gateway("b".to_owned()), epoch: 2, ..connected() };
    // Somebody was faster; it changed hands since; it was not released.
    for stale in
        [AccountLock::FREE, AccountLock { epoch: 0, ..connected() }, AccountLock { epoch: 1, ..AccountLock::FREE }]
    {
        assert!(!store.account_locks.change_account_lock(ACCOUNT, &stale, &late).await.unwrap(), "{stale:?}");
    }
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(connected()));
}

async fn an_account_is_taken_under_the_lock_of_the_replica(store: TestStore) {
    make_ann(&store).await;
    let key = ServerKey::Replica("a".to_owned());
    let claim = async |cookie: CookieHash| {
        store.account_locks.claim_account(ACCOUNT, &AccountLock::FREE, &connected(), (&key, &cookie)).await.unwrap()
    };
    assert!(!claim(cookie()).await, "a replica without a lock would leave the account's behind forever");
    let lock = ServerLock::heard(&key, cookie(), 0, &Timers::default());
    let known = KnownServer { key: key.clone(), lock, linked_to: None, shared: true };
    assert!(store.server_locks.claim_server(None, &known).await.unwrap());
    assert!(!claim(CookieHash::of("of another process")).await);
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(AccountLock::FREE));
    assert!(claim(cookie()).await);
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(connected()));
    assert!(!claim(cookie()).await, "it is not free any more");
}

async fn who_does_not_hold_the_account_brings_nobody_in(store: TestStore) {
    connect_ann(&store).await;
    assert!(!enter(&store, WHO, Uuid::from_u128(2), "a").await, "another log-in");
    assert!(!enter(&store, WHO, SESSION, "b").await, "another gateway");
    let expected = AccountLock { owner: AccountOwner::LogIn, epoch: 2, ..connected() };
    let nobody = AccountLock { epoch: 3, ..AccountLock::FREE };
    let again = AccountLock { epoch: 4, ..connected() };
    let mut before = connected();
    for lock in [expected, nobody] {
        assert!(store.account_locks.change_account_lock(ACCOUNT, &before, &lock).await.unwrap());
        assert!(!enter(&store, WHO, SESSION, "a").await, "{lock:?}");
        before = lock;
    }
    assert_eq!(lock_of(&store, WHO).await, CharacterLock::FREE);
    assert!(store.account_locks.change_account_lock(ACCOUNT, &before, &again).await.unwrap());
    assert!(enter(&store, WHO, SESSION, "a").await);
    let entering = lock_of(&store, WHO).await;
    assert_eq!((entering.owner, entering.epoch), (CharacterOwner::Gateway("a".to_owned()), LockEpoch(1)));
}

async fn one_character_of_an_account_comes_in(store: TestStore) {
    connect_ann(&store).await;
    // Somebody else's character, which is in a world all along, is in nobody's way.
    store.execute("INSERT INTO accounts (id, created_at_ms) VALUES ('eves', 0)").await;
    let eve = "INSERT INTO characters \
                 (id, account_id, name, name_folded, name_key, class_id, created_at_ms, lock_owner) \
               VALUES ('eve', 'eves', 'Eve', 'eve', 'eve', 'mage', 0, 'map:map-1')";
    store.execute(eve).await;
    assert!(enter(&store, WHO, SESSION, "a").await);
    assert!(!enter(&store, OTHER, SESSION, "a").await, "the other one is on its way");
    assert_eq!(lock_of(&store, OTHER).await, CharacterLock::FREE);
    let held = lock_of(&store, WHO).await;
    assert!(store.locks.change(WHO, &held, &free(1), 0).await.unwrap());
    assert!(enter(&store, OTHER, SESSION, "a").await);
    let (gateway, beside) = (CharacterOwner::Gateway("a".to_owned()), store.beside().await);
    for round in 0..10 {
        assert_eq!(store.locks.fence_all(&gateway, 0).await.unwrap().len(), 1, "round {round}");
        let both = tokio::join!(enter(&store, WHO, SESSION, "a"), enter(&beside, OTHER, SESSION, "a"));
        assert!(both.0 != both.1, "of two that come at once, one comes in: {both:?}");
    }
}

async fn of_two_that_come_in_at_once_the_second_waits_and_stays_out(store: TestStore) {
    connect_ann(&store).await;
    let beside = store.beside().await;
    // Holds both up, so that they meet.
    let mut busy = store.sql.begin_write("test").await.unwrap();
    lock_rows(&mut busy, Rows::Accounts, [ACCOUNT.to_string()]).await.unwrap();
    let meanwhile = async {
        store.until_waiting(2).await;
        busy.commit().await.unwrap();
    };
    let (one, other, ()) =
        tokio::join!(enter(&store, WHO, SESSION, "a"), enter(&beside, OTHER, SESSION, "a"), meanwhile);
    assert!(one != other, "one of them: {one} {other}");
    let taken = [lock_of(&store, WHO).await, lock_of(&store, OTHER).await].map(|lock| lock != CharacterLock::FREE);
    assert_eq!(taken, [one, other]);
}

async fn who_is_waited_for_beside_a_gateway_is_kept_and_has_a_timer(store: TestStore) {
    connect_ann(&store).await;
    let step = |lock: &AccountLock, step, now_ms| lock.after(&step, now_ms, &Timers::default()).unwrap();
    let beside = step(&connected(), AccountStep::LoggedIn { session: Uuid::from_u128(2) }, 0);
    assert!(store.account_locks.change_account_lock(ACCOUNT, &connected(), &beside).await.unwrap());
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap().as_ref(), Some(&beside));
    assert!(store.deadlines.due(29_999).await.unwrap().accounts.is_empty());
    assert_eq!(store.deadlines.due(30_000).await.unwrap().accounts, [(ACCOUNT, beside.clone())]);

    let later = step(&beside, AccountStep::Refreshed { session: Uuid::from_u128(2) }, 5);
    let alone = step(&beside, AccountStep::WaitExpired, 30_000);
    assert!(store.account_locks.change_account_lock(ACCOUNT, &beside, &later).await.unwrap());
    assert!(
        !store.deadlines.expire_account(ACCOUNT, &beside, &alone).await.unwrap(),
        "it was refreshed in the meantime"
    );
    assert!(store.deadlines.expire_account(ACCOUNT, &later, &alone).await.unwrap());
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap().as_ref(), Some(&alone));

    let again = step(&alone, AccountStep::LoggedIn { session: Uuid::from_u128(3) }, 0);
    assert!(store.account_locks.change_account_lock(ACCOUNT, &alone, &again).await.unwrap());
    assert_eq!(store.account_locks.free_accounts_of("a").await.unwrap(), [ACCOUNT]);
    let left = step(&again, AccountStep::ReplicaGone { gateway: "a".to_owned() }, 0);
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(left), "as the step says");
}
