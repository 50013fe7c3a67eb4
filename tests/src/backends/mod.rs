//! PostgreSQL and Redis of a test's own: started on free ports as their unprivileged users, stopped, killed and started
//! again, and gone with their values. What is not installed is said by name.

pub mod disk;
pub mod postgres;
pub mod program;
pub mod redis;

pub use self::redis::Redis;
pub use disk::SmallDisk;
pub use postgres::Postgres;
pub use program::{Missing, ServiceUser, or_skip};
