//! Which gateways may take an account's lock, and bring a character in under it.

use realmgate_protocol::ids::CharacterId;
use uuid::Uuid;

use super::{ACCOUNT, WHO, cookie, make_ann};
use crate::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, CookieHash, LockStep, ServerKey, ServerLock,
    Timers,
};
use crate::store::Store;
use crate::store::characters::{Creation, NewCharacter};
use crate::store::locks::{Entering, KnownServer};
use crate::store::testing::{TestStore, on_both};

on_both!(
    an_account_lock_changes_hands_once,
    an_account_is_taken_under_the_lock_of_the_replica,
    who_does_not_hold_the_account_brings_nobody_in,
    one_character_of_an_account_comes_in,
    who_is_waited_for_beside_a_gateway_is_kept_and_has_a_timer,
);

const OTHER: CharacterId = CharacterId([2; 16]);
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
    let new = NewCharacter {
        id: OTHER,
        account: ACCOUNT,
        session: SESSION,
        name: "Anna",
        folded: "anna",
        key: "anna",
        class_id: "mage",
        at_ms: 0,
    };
    assert!(matches!(store.characters.create(new, 8).await.unwrap(), Creation::Created(_)));
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &connected()).await.unwrap());
}

/// Tries to take a free lock on the way in.
async fn enter(store: &Store, character: CharacterId, session: Uuid, gateway: &str) -> bool {
    let from = store.locks.find(character).await.unwrap().unwrap().lock;
    let step = LockStep::Enter { gateway: gateway.to_owned() };
    let to = from.after(&step, 0, &Timers::default()).unwrap();
    let entering = Entering { character, account: ACCOUNT, session, gateway, from: &from, to: &to };
    store.account_locks.enter(&entering, 0).await.unwrap()
}

async fn an_account_lock_changes_hands_once(store: TestStore) {
    make_ann(&store).await;
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &connected()).await.unwrap());
    let late = AccountLock { owner: AccountOwner::Gateway("b".to_owned()), ..connected() };
    assert!(
        !store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &late).await.unwrap(),
        "somebody was faster"
    );
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
    assert!(claim(cookie()).await);
}

async fn who_does_not_hold_the_account_brings_nobody_in(store: TestStore) {
    connect_ann(&store).await;
    assert!(!enter(&store, WHO, Uuid::from_u128(2), "a").await, "another log-in");
    assert!(!enter(&store, WHO, SESSION, "b").await, "another gateway");
    assert_eq!(store.locks.find(WHO).await.unwrap().unwrap().lock, CharacterLock::FREE);
    assert!(enter(&store, WHO, SESSION, "a").await);
}

async fn one_character_of_an_account_comes_in(store: TestStore) {
    connect_ann(&store).await;
    assert!(enter(&store, WHO, SESSION, "a").await);
    assert!(!enter(&store, OTHER, SESSION, "a").await, "the other one is on its way");
    let held = store.locks.find(WHO).await.unwrap().unwrap().lock;
    let free = CharacterLock { owner: CharacterOwner::None, deadline_ms: None, ..held.clone() };
    assert!(store.locks.change(WHO, &held, &free, 0).await.unwrap());
    assert!(enter(&store, OTHER, SESSION, "a").await);
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
