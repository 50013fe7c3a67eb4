//! The sidecar's store for one test, on either database. [`on_both`] makes two tests of each function.

use std::ops::Deref;

use realmgate_platform::clock::Clock;
use realmgate_platform::testing::TestSql;

use super::Store;

/// A store that is empty at first, and gone when it is dropped.
pub(crate) struct TestStore {
    store: Store,
    database: TestSql,
}

impl TestStore {
    /// A store in a SQLite file.
    pub(crate) async fn sqlite() -> Self {
        Self::over(TestSql::sqlite().await)
    }

    /// A store on a PostgreSQL server; `None` if there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        TestSql::postgres().await.map(Self::over)
    }

    fn over(database: TestSql) -> Self {
        Self { store: Store::over(database.sql.clone()), database }
    }

    /// Another sidecar's store over the same database.
    pub(crate) async fn beside(&self) -> Store {
        Store::open(&self.database.config, Clock::system()).await.unwrap()
    }

    /// Deletes everything.
    pub(crate) async fn empty(&self) {
        for delete in [
            "DELETE FROM leaderboard_feed",
            "DELETE FROM owned_events",
            "DELETE FROM gold_ledger",
            "DELETE FROM gold_balances",
            "DELETE FROM item_ledger",
            "DELETE FROM items",
            "DELETE FROM characters",
            "DELETE FROM refresh_tokens",
            "DELETE FROM sessions",
            "DELETE FROM credentials",
            "DELETE FROM profiles",
            "DELETE FROM accounts",
        ] {
            self.execute(delete).await;
        }
    }

    /// Waits until `count` transactions wait for row locks of another one. PostgreSQL only.
    pub(crate) async fn until_waiting(&self, count: i64) {
        self.database.until_waiting(count).await;
    }

    /// Runs a statement that no method of the store runs.
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.database.execute(sql).await;
    }
}

impl Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A test on PostgreSQL of each named function, which takes a [`TestStore`].
macro_rules! on_postgres {
    ($($test:ident),+ $(,)?) => {
        realmgate_platform::testing::on_backend! {
            on_postgres_alone: $crate::store::testing::TestStore::postgres() => [$($test),+]
        }
    };
}
pub(crate) use on_postgres;

/// Two tests of each named function, which takes a [`TestStore`]: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        realmgate_platform::testing::on_backends! {
            on_sqlite: async { Some($crate::store::testing::TestStore::sqlite().await) },
            on_postgres: $crate::store::testing::TestStore::postgres() => [$($test),+]
        }
    };
}
pub(crate) use on_both;
