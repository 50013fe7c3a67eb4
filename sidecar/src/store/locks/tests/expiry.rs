//! What timers may end, and who may stop them.

use realmgate_platform::database::call::Transaction;
use realmgate_platform::database::dialect::{Rows, lock_rows};

use super::*;
use crate::lock::{AccountLock, AccountOwner, ServerKey, ServerLock};
use crate::store::locks::{KnownServer, Retired};
use crate::store::testing::on_postgres;

on_both!(
    a_server_that_was_heard_of_in_time_is_not_ended,
    a_renewal_that_comes_late_brings_no_deadline_forward,
    a_lock_that_was_renewed_in_time_is_not_ended,
    a_server_ends_with_all_it_held_or_not_at_all,
    only_the_process_of_the_cookie_stops_timers,
);

on_postgres!(
    deadlines_are_put_off_while_others_change_locks,
    lent_characters_are_renewed_in_the_order_in_which_others_lock_them,
);

const NOW: u64 = 1_000_000;

/// Stores the lock of a server that was heard of now.
async fn claimed(store: &Store, key: &ServerKey, now_ms: u64) -> ServerLock {
    let lock = ServerLock::heard(key, cookie(), now_ms, &Timers::default());
    let known = KnownServer { key: key.clone(), lock: lock.clone(), linked_to: None, shared: true };
    assert!(store.server_locks.claim_server(None, &known).await.unwrap());
    lock
}

async fn a_server_that_was_heard_of_in_time_is_not_ended(store: TestStore) {
    make_ann(&store).await;
    let key = ServerKey::Map(server());
    let read = claimed(&store, &key, NOW).await;
    take(&store, WHO, &held(1)).await;
    // Between the reading of what is due and its end, the server is heard of.
    let heard = ServerLock::heard(&key, cookie(), read.deadline_ms, &Timers::default());
    assert_eq!(store.server_locks.renew_servers(&[(key.clone(), heard.clone())]).await.unwrap(), []);
    assert_eq!(store.server_locks.retire_server(&key, &read, read.deadline_ms).await.unwrap(), None, "it was renewed");
    assert_eq!(store.server_locks.server(&key).await.unwrap().unwrap().lock, heard);
    assert_eq!(lock_of(&store, WHO).await, held(1));
    let retired = store.server_locks.retire_server(&key, &heard, heard.deadline_ms).await.unwrap();
    assert_eq!(retired, Some(Retired { characters: vec![(WHO, ACCOUNT)], accounts: Vec::new() }));
}

/// A renewal of a server's lock.
async fn a_renewal_that_comes_late_brings_no_deadline_forward(store: TestStore) {
    let key = ServerKey::Map(server());
    let made_out = claimed(&store, &key, NOW).await;
    // Timers were not fired for an hour, so that deadlines were put off; only then the renewal arrives.
    store.deadlines.watch(NOW, &Timers::default()).await.unwrap();
    let awake = NOW + 3_600_000;
    assert!(store.deadlines.watch(awake, &Timers::default()).await.unwrap());
    assert_eq!(
        store.server_locks.renew_servers(&[(key.clone(), made_out)]).await.unwrap(),
        [],
        "it is known all the same"
    );
    let known = store.server_locks.server(&key).await.unwrap().unwrap();
    assert_eq!(known.lock.deadline_ms, awake + 30_000, "the grace stands");
    let newer = ServerLock::heard(&key, cookie(), awake, &Timers::default());
    assert_eq!(store.server_locks.renew_servers(&[(key.clone(), newer.clone())]).await.unwrap(), []);
    assert_eq!(store.server_locks.server(&key).await.unwrap().unwrap().lock, newer);
}

async fn a_lock_that_was_renewed_in_time_is_not_ended(store: TestStore) {
    make_ann(&store).await;
    let waiting = CharacterLock { deadline_ms: Some(NOW), ..held(1) };
    take(&store, WHO, &waiting).await;
    let due = async |now_ms| {
        let due = store.deadlines.due(now_ms).await.unwrap().characters;
        due.into_iter().map(|(found, _)| found.lock).collect::<Vec<_>>()
    };
    assert_eq!(due(NOW).await, std::slice::from_ref(&waiting));
    start_timer(&store, NOW + 1).await;
    assert!(!store.deadlines.expire(WHO, &waiting, &free(2), NOW).await.unwrap(), "it has another deadline by now");
    let renewed = CharacterLock { deadline_ms: Some(NOW + 1), ..held(1) };
    assert_eq!(lock_of(&store, WHO).await, renewed);
    assert_eq!((due(NOW).await, due(NOW + 1).await), (vec![], vec![renewed.clone()]));
    assert!(store.deadlines.expire(WHO, &renewed, &free(2), NOW + 1).await.unwrap());
    assert_eq!(lock_of(&store, WHO).await, free(2));
}

async fn a_server_ends_with_all_it_held_or_not_at_all(store: TestStore) {
    make_ann(&store).await;
    let key = ServerKey::Replica("gateway-1".to_owned());
    let lock = claimed(&store, &key, NOW).await;
    let owner = AccountOwner::Gateway("gateway-1".to_owned());
    let speaks = AccountLock { owner, session: Some(Uuid::nil()), epoch: 1, deadline_ms: None, waiting: None };
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &speaks).await.unwrap());
    let passing = CharacterLock { owner: CharacterOwner::Gateway("gateway-1".to_owned()), ..held(1) };
    take(&store, WHO, &passing).await;

    store.execute("ALTER TABLE characters RENAME COLUMN lent_to TO hidden").await;
    store.server_locks.retire_server(&key, &lock, lock.deadline_ms).await.expect_err("its characters cannot be freed");
    store.execute("ALTER TABLE characters RENAME COLUMN hidden TO lent_to").await;
    assert!(store.server_locks.server(&key).await.unwrap().is_some(), "nobody would look for what it still holds");
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(speaks));
    assert_eq!(lock_of(&store, WHO).await, passing);

    let retired = store.server_locks.retire_server(&key, &lock, lock.deadline_ms).await.unwrap();
    assert_eq!(retired, Some(Retired { characters: vec![(WHO, ACCOUNT)], accounts: vec![ACCOUNT] }));
    assert_eq!(store.server_locks.server(&key).await.unwrap(), None);
    let freed = AccountLock { epoch: 2, ..AccountLock::FREE };
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(freed));
    assert_eq!(lock_of(&store, WHO).await, free(2));
}

async fn only_the_process_of_the_cookie_stops_timers(store: TestStore) {
    make_ann(&store).await;
    claimed(&store, &ServerKey::Map(server()), NOW).await;
    let waiting = CharacterLock { deadline_ms: Some(NOW), ..held(1) };
    take(&store, WHO, &waiting).await;
    let (other, who) = (CookieHash::of("another"), Fence { character: WHO, epoch: LockEpoch(1) });
    assert_eq!(store.server_locks.reclaim(&server(), &other, &[who]).await.unwrap(), [who]);
    assert!(!store.server_locks.arrive(&server(), &other, &who).await.unwrap());
    assert_eq!(store.locks.save(&server(), &other, &[save(1, 1, 10)]).await.unwrap(), [SaveOutcome::Written]);
    assert_eq!(lock_and_x(&store).await, (waiting, 10), "nobody would end the lock of a process that is not known");
    assert_eq!(store.server_locks.reclaim(&server(), &cookie(), &[who]).await.unwrap(), []);
    assert_eq!(lock_of(&store, WHO).await, held(1));
    start_timer(&store, NOW).await;
    assert!(store.server_locks.arrive(&server(), &cookie(), &who).await.unwrap());
    assert_eq!(lock_of(&store, WHO).await, held(1));
    start_timer(&store, NOW).await;
    assert_eq!(store.locks.save(&server(), &cookie(), &[save(1, 2, 20)]).await.unwrap(), [SaveOutcome::Written]);
    assert_eq!(lock_and_x(&store).await, (held(1), 20));
}

/// Begins a transaction that fails when it has to wait for a row, before PostgreSQL checks for a deadlock.
async fn begin_impatient(store: &Store) -> Transaction {
    let mut transaction = store.sql.begin_write("test").await.unwrap();
    sqlx::query("SET LOCAL lock_timeout = '300ms'").execute(&mut *transaction).await.unwrap();
    transaction
}

async fn deadlines_are_put_off_while_others_change_locks(store: TestStore) {
    make_ann(&store).await;
    let waiting = AccountLock { owner: AccountOwner::LogIn, epoch: 1, deadline_ms: Some(NOW), ..AccountLock::FREE };
    assert!(store.account_locks.change_account_lock(ACCOUNT, &AccountLock::FREE, &waiting).await.unwrap());
    let replica = ServerKey::Replica("a".to_owned());
    claimed(&store, &replica, NOW).await;
    // Then timers are not fired for an hour.
    store.deadlines.watch(NOW, &Timers::default()).await.unwrap();
    // A replica is retired: its own row goes first, and its accounts' rows change after that.
    let mut retiring = begin_impatient(&store).await;
    sqlx::query("DELETE FROM server_locks").execute(&mut *retiring).await.unwrap();
    let putting_off = async { store.deadlines.watch(NOW + 3_600_000, &Timers::default()).await.unwrap() };
    let freeing = async {
        store.until_waiting(1).await;
        lock_rows(&mut retiring, Rows::Accounts, [ACCOUNT.to_string()]).await.unwrap();
        retiring.commit().await.unwrap();
    };
    assert!(tokio::join!(putting_off, freeing).0, "there was an outage");
    let put_off = AccountLock { deadline_ms: Some(NOW + 3_600_000 + 30_000), ..waiting };
    assert_eq!(store.account_locks.account_lock(ACCOUNT).await.unwrap(), Some(put_off));
}

async fn lent_characters_are_renewed_in_the_order_in_which_others_lock_them(store: TestStore) {
    make_ann(&store).await;
    let later = OTHER;
    make_character(&store, later, "Bob").await;
    let passing =
        CharacterLock { owner: CharacterOwner::Gateway("a".to_owned()), epoch: LockEpoch(1), deadline_ms: None };
    // The one whose id comes later lies first in the table.
    for character in [later, WHO] {
        take(&store, character, &passing).await;
        let fence = Fence { character, epoch: passing.epoch };
        assert!(store.server_locks.lend(&fence, "a", &server(), NOW).await.unwrap());
    }
    let mut other = begin_impatient(&store).await;
    lock_rows(&mut other, Rows::Characters, [WHO.to_string()]).await.unwrap();
    let renewing = async { store.server_locks.renew_lent(&server(), NOW + 1).await.unwrap() };
    let fencing = async {
        store.until_waiting(1).await;
        lock_rows(&mut other, Rows::Characters, [later.to_string()]).await.unwrap();
        other.commit().await.unwrap();
    };
    assert_eq!(tokio::join!(renewing, fencing).0, 2);
    for character in [WHO, later] {
        assert_eq!(lock_of(&store, character).await.deadline_ms, Some(NOW + 1));
    }
}
