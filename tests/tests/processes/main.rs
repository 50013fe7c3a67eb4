//! Whole worlds of real processes. They are modules of one program because they mostly wait: cargo runs the tests of one
//! program side by side, and one program after another. What measures how fast a server is has a program of its own.

mod bots;
mod browsers;
mod chaos;
mod community_chaos;
mod fleet;
mod javascript;
mod one_account;
#[expect(dead_code, clippy::unwrap_used, reason = "a helper of the sidecar's tests, which use all of it")]
#[path = "../../../sidecar/tests/community/openid.rs"]
mod openid;
mod page;
mod replay;
mod small_world;
mod soak;
mod start_dev;
mod three_processes;
mod tickets;

realmgate_services::reaper!();
