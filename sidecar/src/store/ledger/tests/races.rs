//! Batches that meet other writers of the same database, as when several sidecars share it.

use super::*;
use crate::store::ledger::sql::commit_once;
use crate::store::testing::on_postgres;

on_both!(
    a_key_that_two_commit_at_once_counts_once,
    trades_in_opposite_directions_wait_for_each_other,
    accounts_that_two_open_at_once_add_up,
);
on_postgres!(a_batch_waits_for_a_fence_and_is_refused, a_fence_waits_for_a_batch_that_has_begun);

async fn a_key_that_two_commit_at_once_counts_once(store: TestStore) {
    let bench = Bench::new(&store).await;
    let other = store.beside().await;
    for round in 0..10 {
        let fenced = event(vec![gold(GoldAccount::World, purse(1), 5)]);
        // Only its idempotency key can make this one wait.
        let created = vec![create(100 + round, Owner::Ground)];
        let unfenced = OwnedEvent { fences: Vec::new(), ..event(created) };
        let events = [unfenced, fenced];
        let me = server();
        let (ours, theirs) = tokio::join!(store.ledger.commit(&me, &events, 0), other.ledger.commit(&me, &events, 0));
        for batch in [ours.unwrap(), theirs.unwrap()] {
            assert_eq!(refusals(&batch), [None, None], "{batch:?}");
        }
        assert_eq!(bench.gold(1).await, 5 * (u64::from(round) + 1));
    }
    let audit = bench.audit().await;
    assert_eq!((audit.items, audit.is_clean()), (10, true), "{audit:?}");
}

async fn trades_in_opposite_directions_wait_for_each_other(store: TestStore) {
    let bench = Bench::new(&store).await;
    let other = store.beside().await;
    let purses = [1, 2].map(|number| gold(GoldAccount::World, purse(number), 1_000));
    assert_eq!(bench.one(purses.to_vec()).await, None);
    for round in 0..10 {
        let goods = [create(1 + 2 * round, in_slot(1, 0)), create(2 + 2 * round, in_slot(2, 0))];
        assert_eq!(bench.one(goods.to_vec()).await, None);
        let away = relocate(1 + 2 * round, in_slot(1, 0), in_slot(2, 100 + u16::from(round)));
        let back = relocate(2 + 2 * round, in_slot(2, 0), in_slot(1, 100 + u16::from(round)));
        let mine = [event(vec![gold(purse(1), purse(2), 3)]), event(vec![away])];
        let yours = [event(vec![back]), event(vec![gold(purse(2), purse(1), 1)])];
        // Not `commit`, which would hide a deadlock behind another try.
        let (mine, yours) = tokio::join!(
            commit_once(&store.sql, &bench.server, &mine, &[], 0),
            commit_once(&other.sql, &bench.server, &yours, &[], 0)
        );
        for batch in [mine.unwrap(), yours.unwrap()] {
            assert_eq!(refusals(&batch), [None, None], "{batch:?}");
        }
    }
    assert_eq!((bench.gold(1).await, bench.gold(2).await), (980, 1_020));
    let traded =
        |first: u8| BTreeMap::from_iter((0..10).map(|round| (100 + u16::from(round), item(first + 2 * round))));
    assert_eq!((bench.items(1).await, bench.items(2).await), (traded(2), traded(1)));
    let audit = bench.audit().await;
    assert!(audit.is_clean(), "{audit:?}");
}

async fn accounts_that_two_open_at_once_add_up(store: TestStore) {
    let bench = Bench::new(&store).await;
    let other = store.beside().await;
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(1), 100)]).await, None);
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(2), 100)]).await, None);
    for round in 0..10 {
        let till = || GoldAccount::Vendor { vendor: format!("smith-{round}") };
        let pay = |number| {
            let fences = vec![Fence { character: character(number), epoch: EPOCH }];
            [OwnedEvent { fences, ..event(vec![gold(purse(number), till(), 1)]) }]
        };
        let (first, second) = (pay(1), pay(2));
        let both =
            tokio::join!(store.ledger.commit(&bench.server, &first, 0), other.ledger.commit(&bench.server, &second, 0));
        for batch in [both.0.unwrap(), both.1.unwrap()] {
            assert_eq!(refusals(&batch), [None], "{batch:?}");
        }
    }
    assert_eq!((bench.gold(1).await, bench.gold(2).await), (90, 90));
    let query = "SELECT balance FROM gold_balances WHERE owner LIKE 'vendor:smith-%'";
    let mut db = store.sql.read("test").await.unwrap();
    let tills: Vec<i64> = sqlx::query_scalar(query).fetch_all(&mut *db).await.unwrap();
    assert_eq!(tills, [2; 10]);
    let audit = bench.audit().await;
    assert!(audit.is_clean(), "{audit:?}");
}

async fn a_batch_waits_for_a_fence_and_is_refused(store: TestStore) {
    let bench = Bench::new(&store).await;
    let other = store.beside().await;
    let mut fence = other.sql.begin_write("test").await.unwrap();
    let fencing = "UPDATE characters SET lock_owner = 'none', lock_epoch = lock_epoch + 1";
    sqlx::query(fencing).execute(&mut *fence).await.unwrap();
    let events = [event(vec![gold(GoldAccount::World, purse(1), 5)])];
    let meanwhile = async {
        store.until_waiting(1).await;
        fence.commit().await.unwrap();
    };
    let (batch, ()) = tokio::join!(store.ledger.commit(&bench.server, &events, 0), meanwhile);
    assert_eq!(refusals(&batch.unwrap()), [Some(EventRefusal::Fenced)]);
    assert_eq!(bench.gold(1).await, 0);
}

async fn a_fence_waits_for_a_batch_that_has_begun(store: TestStore) {
    let bench = Bench::new(&store).await;
    let other = store.beside().await;
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(2), 1)]).await, None);
    // Holds the batch up when it has locked its characters already.
    let mut busy = other.sql.begin_write("test").await.unwrap();
    let pay = "UPDATE gold_balances SET balance = balance WHERE owner = 'world'";
    sqlx::query(pay).execute(&mut *busy).await.unwrap();
    let events = [event(vec![gold(GoldAccount::World, purse(1), 5)])];
    let fence = async {
        store.until_waiting(1).await;
        other.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap()
    };
    let meanwhile = async {
        store.until_waiting(2).await;
        busy.commit().await.unwrap();
    };
    let (batch, fenced, ()) = tokio::join!(store.ledger.commit(&bench.server, &events, 0), fence, meanwhile);
    assert_eq!(refusals(&batch.unwrap()), [None]);
    assert_eq!(fenced.len(), 3);
    assert_eq!(bench.gold(1).await, 5);
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(1), 5)]).await, Some(EventRefusal::Fenced));
}
