//! Whole realms with real processes under seeded faults, and the judges of what survived.
//!
//! A [`Schedule`] says which [`Fault`]s strike when. A realm is a PostgreSQL, a Redis, sidecar replicas and map servers,
//! every hop between them a proxy that can be broken; bots play in it, come back by themselves, and keep a journal of
//! what they were told. The [`judge`]s hold that journal against the database.

pub mod books;
mod cheat;
pub mod fault;
pub mod journal;
pub mod judge;
pub mod probe;
pub mod realm;
pub mod run;
pub mod schedule;
mod strike;
pub mod summary;

pub use fault::{Fault, Hop, Parts, Trouble};
pub use run::{Plan, Verdict};
pub use schedule::{Schedule, Strike};
