//! What tests share: databases and a Redis of their own, and tests that run on each of them.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]
#![expect(clippy::print_stderr, reason = "a database that is left behind is told to whoever runs the tests")]

mod database;
mod redis;

use std::time::Duration;

pub use database::{TestDatabase, TestSql};
pub use redis::TestRedis;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

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
