//! What tests share: databases and a Redis of their own, and tests that run on each of them.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod database;
mod redis;

use std::time::Duration;

pub use database::{TestDatabase, TestSql, create_sqlite};
pub use redis::TestRedis;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder of a test's own, which ends with the test run even when that is killed.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(realmgate_services::run().folder()).unwrap()
}

/// Waits a moment, before a test looks again at what it waits for. Looking all the time would take the core from it.
pub async fn a_moment() {
    let mut moments = tokio::time::interval(Duration::from_millis(5));
    // The first tick is at once.
    moments.tick().await;
    moments.tick().await;
}

/// Waits for a future, for as long as tests wait for anything.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}

/// Tests of one contract on several backends: a module for each, with a test of each named function, which takes what
/// the backend's future makes there. `None` is a service that this machine lacks: its tests are skipped, and say so.
#[macro_export]
macro_rules! on_backends {
    ($($module:ident: $make:expr),+ => $tests:tt) => {
        $($crate::testing::on_backend! { $module: $make => $tests })+
    };
}
pub use crate::on_backends;

/// As [`on_backends`], on one.
#[macro_export]
macro_rules! on_backend {
    ($module:ident: $make:expr => [$($test:ident),+ $(,)?]) => {
        mod $module {
            $(#[tokio::test]
            async fn $test() {
                if let Some(backend) = $make.await {
                    super::$test(backend).await;
                }
            })+
        }
    };
}
pub use crate::on_backend;
