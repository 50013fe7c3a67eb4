//! The public API: every row of the contract, once for success and once for each error.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod admin_announcements;
mod admin_characters;
mod auth;
mod authorization;
mod characters;
mod classes;
mod cors;
mod limits;
mod operation;
mod page;
mod problems;
#[path = "../testing/mod.rs"]
mod testing;
mod watch;

realmgate_services::reaper!();
