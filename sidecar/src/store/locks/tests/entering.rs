//! Who may bring a character into a world.

use super::*;
use crate::lock::{AccountLock, AccountOwner};
use crate::store::locks::Entering;

on_both!(only_the_log_in_that_holds_the_account_brings_a_character_in);

async fn only_the_log_in_that_holds_the_account_brings_a_character_in(store: TestStore) {
    make_ann(&store).await;
    let (older, newer) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let owner = AccountOwner::Gateway("gateway-1".to_owned());
    let speaks = AccountLock { owner, session: Some(newer), epoch: 1, deadline_ms: None, waiting: None };
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &speaks).await.unwrap());
    let to = CharacterLock {
        owner: CharacterOwner::Gateway("gateway-1".to_owned()),
        epoch: LockEpoch(1),
        deadline_ms: None,
    };
    let by = |session, gateway| Entering {
        character: WHO,
        account: ACCOUNT,
        session,
        gateway,
        from: &CharacterLock::FREE,
        to: &to,
    };
    assert!(!store.account_locks.enter(&by(older, "gateway-1"), 0).await.unwrap(), "a newer log-in has the account");
    assert!(!store.account_locks.enter(&by(newer, "gateway-2"), 0).await.unwrap(), "its socket is at another gateway");
    assert_eq!(lock_of(&store, WHO).await, CharacterLock::FREE);
    assert!(store.account_locks.enter(&by(newer, "gateway-1"), 0).await.unwrap());
    assert_eq!(lock_of(&store, WHO).await, to);
    assert!(!store.account_locks.enter(&by(newer, "gateway-1"), 0).await.unwrap(), "its lock is not free any more");
}
