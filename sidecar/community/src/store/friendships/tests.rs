//! How many requests, friends and blocks an account may have.

use realmgate_platform::testing::{TestSql, on_backends};

use super::*;

struct Bench {
    store: FriendStore,
    _sql: TestSql,
}

/// Accounts 1 to 1,100.
async fn bench(sql: TestSql) -> Bench {
    let mut tx = sql.sql.begin_write("test").await.unwrap();
    for number in 1..=1_100 {
        let id = account(number).to_string();
        let insert = "INSERT INTO accounts (id, created_at_ms) VALUES ($1, 0)";
        sqlx::query(insert).bind(&id).execute(&mut *tx).await.unwrap();
        let insert = "INSERT INTO profiles (account_id, username) VALUES ($1, $1)";
        sqlx::query(insert).bind(&id).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    Bench { store: FriendStore::new(sql.sql.clone(), FieldLimits::default()), _sql: sql }
}

fn account(number: u128) -> AccountId {
    Uuid::from_u128(number).into()
}

impl Bench {
    /// Makes this status between account 1 and so many others, from account `from` on.
    async fn fill(&self, from: u128, count: u128, status: Status) {
        let mut tx = self.store.sql.begin_write("test").await.unwrap();
        for other in from..from + count {
            let (one, other) = (account(1), account(other));
            let (requester, target) = if status == Status::Blocked { (other, one) } else { (one, other) };
            insert(&mut tx, requester, target, status, 1).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn ask(&self, from: u128, to: u128) -> Outcome {
        self.store.ask(account(from), account(to), 1).await.unwrap()
    }
}

async fn so_many_requests_wait(bench: Bench) {
    bench.fill(2, 99, Status::Pending).await;
    let Outcome::Done(row) = bench.ask(1, 200).await else { panic!("the hundredth") };
    assert_eq!(bench.ask(1, 201).await, Outcome::TooMany(Limit::Requests));
    assert_eq!(bench.ask(1, 200).await, Outcome::Already);
    bench.store.step(row.id, account(1), Step::Remove, 1).await.unwrap();
    assert!(matches!(bench.ask(1, 201).await, Outcome::Done(_)));
}

async fn so_many_are_friends(bench: Bench) {
    bench.fill(2, 499, Status::Accepted).await;
    let Outcome::Done(row) = bench.ask(600, 1).await else { panic!("a request") };
    let Outcome::Done(other) = bench.ask(601, 1).await else { panic!("a request") };
    assert!(matches!(bench.ask(1, 600).await, Outcome::Done(row) if row.status == Status::Accepted));
    for outcome in [
        bench.store.step(other.id, account(1), Step::Accept, 1).await.unwrap(),
        bench.ask(1, 601).await,
        bench.ask(1, 602).await,
    ] {
        assert_eq!(outcome, Outcome::TooMany(Limit::Friends));
    }
    bench.store.step(row.id, account(600), Step::Remove, 1).await.unwrap();
    assert!(matches!(bench.ask(1, 601).await, Outcome::Done(row) if row.status == Status::Accepted));
    assert_eq!(bench.store.friend_ids(account(1)).await.unwrap().len(), 500);
    assert_eq!(bench.store.all_friends(account(1)).await.unwrap().len(), 500);
}

async fn so_many_are_blocked(bench: Bench) {
    bench.fill(2, 999, Status::Blocked).await;
    assert!(matches!(bench.store.block(account(1), account(1_050), 1).await.unwrap(), Outcome::Done(_)));
    let more = bench.store.block(account(1), account(1_051), 1).await.unwrap();
    assert_eq!(more, Outcome::TooMany(Limit::Blocks));
    assert_eq!(bench.store.block(account(1), account(1_050), 1).await.unwrap(), Outcome::Already);
}

on_backends! {
    on_sqlite: async { Some(super::bench(super::TestSql::sqlite().await).await) },
    on_postgres: async { Some(super::bench(super::TestSql::postgres().await?).await) } => [
        so_many_requests_wait,
        so_many_are_friends,
        so_many_are_blocked,
    ]
}
