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

use std::net::{Ipv4Addr, TcpListener};

/// A port that was free a moment ago.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}
