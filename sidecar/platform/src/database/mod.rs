//! The database: SQLite or PostgreSQL behind one pool of connections, its tables, and what stores write SQL with.
//!
//! Only stores have SQL. SQL text keeps to the subset that SQLite and PostgreSQL share (`$1`, RETURNING, ON CONFLICT),
//! times are BIGINT milliseconds, ids are UUIDs as TEXT. What the two do not share is in [`dialect`]. Columns are named,
//! never `*`: the next version's migration may add some while this one runs.

pub mod call;
pub mod columns;
mod connection;
pub mod dialect;
mod open;
mod pool;
pub mod retry;
pub mod rows;
mod schema;
mod sql;
mod time;
mod write_probe;

pub use connection::SqlConnection;
pub use schema::{OpenError, migrate};
pub use sql::SqlStore;
/// A row of either database.
pub use sqlx::any::AnyRow as SqlRow;
pub use time::DatabaseTime;
