//! What a sidecar keeps its data in. [`on_every_backend`] makes three tests of each function.

use realmgate_tests::{TestDatabase, TestRedis};

/// Where the data of the sidecar under test is, and how many processes the sidecar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One process, with a SQLite file and everything else in its memory.
    Sqlite,
    /// One process, on PostgreSQL and Redis.
    Postgres,
    /// Two processes on one PostgreSQL and one Redis; each new connection goes to the other one.
    Replicas,
}

impl Backend {
    /// Whether this machine has what it takes; said by name where not.
    pub async fn is_possible(self) -> bool {
        self == Self::Sqlite || (TestDatabase::is_possible().await && TestRedis::is_possible())
    }
}

/// Three tests of each named function, which takes a [`Backend`].
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {
        crate::backend::on_backend! { on_sqlite, Sqlite, $($test),+ }
        crate::backend::on_backend! { on_postgres, Postgres, $($test),+ }
        crate::backend::on_backend! { on_replicas, Replicas, $($test),+ }
    };
}
pub(crate) use on_every_backend;

macro_rules! on_backend {
    ($module:ident, $backend:ident, $($test:ident),+) => {
        mod $module {
            use crate::backend::Backend;
            $(#[tokio::test]
            async fn $test() {
                if Backend::$backend.is_possible().await {
                    super::$test(Backend::$backend).await;
                }
            })+
        }
    };
}
pub(crate) use on_backend;
