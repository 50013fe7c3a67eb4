//! What a test takes from the machine: PostgreSQL databases, Redis keys, processes and folders.
//!
//! Everything belongs to a [`Run`], one for each test process, and carries its id. A second process, the [`reaper`],
//! waits for the end of the test process and removes what carries the id. So nothing is left behind when a test fails,
//! and nothing when the test process is killed.
//!
//! The reaper is the test program itself, started again with one test. Each test program that uses this crate
//! therefore has [`reaper!`] at its root; a program with a `main` of its own calls [`reaper::serve_if_asked`] first.

#![expect(clippy::print_stderr, reason = "what a test run leaves behind is reported to the person who started it")]

mod own_redis;
mod port;
mod postgres;
pub mod reaper;
mod redis;
mod run;

pub use own_redis::OwnRedis;
pub use port::free_port;
pub use postgres::TestDatabase;
pub use redis::TestRedis;
pub use run::{Run, run};
