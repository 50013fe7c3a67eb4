//! The long tier's worlds of real processes: players in browsers and in Node, and realms under faults. They are modules of
//! one program because they mostly wait: cargo runs the tests of one program side by side, and one program after another.

mod bots;
mod browsers;
mod chaos;
mod community_chaos;
mod javascript;
mod one_account;
#[expect(dead_code, clippy::unwrap_used, reason = "a helper of the sidecar's tests, which use all of it")]
#[path = "../../../sidecar/tests/community/openid.rs"]
mod openid;
mod page;
mod small_world;

realmgate_services::reaper!();
