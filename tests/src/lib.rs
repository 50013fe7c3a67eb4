//! Whole-system tests: the real binaries, real sockets, real files.
//!
//! The library holds what the tests in `tests/tests/` share. [`binaries`] builds the programs once, [`MapServer`] and
//! [`SidecarProcess`] run them in homes of their own, [`api`] and [`gateway`] speak the contract on the wire without our
//! client library, [`bots`] play, [`in_world`] is one player over UDP, [`database`] looks into the database afterwards, and [`netcode`] knocks at the game's
//! port with any bytes; [`node`] starts the scripts of `clients/js`; [`load`] is thousands of players, [`soak`] players who come and go for long, [`attack`] hundreds of
//! hostile ones. [`TestDatabase`] and [`TestRedis`] are a database and keys of a test's own on services that run
//! anyway; [`backends`] are a whole PostgreSQL and a whole Redis of its own. [`proxy`] is a link that can be cut, slowed
//! and silenced, [`conditioner`] a bad line for players, and [`feel`] what they see
//! behind it.

pub mod account;
pub mod api;
pub mod attack;
pub mod backends;
pub mod binaries;
pub mod bots;
pub mod browser;
pub mod chaos;
pub mod conditioner;
pub mod database;
pub mod feel;
pub mod gateway;
pub mod godot;
pub mod home;
pub mod in_world;
pub mod load;
pub mod map_server;
pub mod netcode;
pub mod node;
pub mod plot;
pub mod process;
pub mod proxy;
pub mod scenario;
pub mod shared;
pub mod sidecar;
pub mod soak;
pub mod wait;
pub mod walk;

pub use account::Account;
pub use api::{Answer, Api};
pub use database::Database;
pub use gateway::Gateway;
pub use home::Home;
pub use in_world::InWorld;
pub use map_server::{MapServer, Settings};
pub use process::Process;
pub use realmgate_services::{TestDatabase, TestRedis};
pub use shared::{Shared, SharedOnce};
pub use sidecar::SidecarProcess;
pub use wait::until;

#[cfg(test)]
realmgate_services::reaper!();
