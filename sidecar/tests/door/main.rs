//! The door over real sockets: services that are not ours, behind it.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

#[expect(dead_code, reason = "it serves the tests of the community too")]
#[path = "../community/backends.rs"]
mod backends;
mod by_hand;
#[path = "../edge/certificates.rs"]
mod certificates;
#[expect(dead_code, reason = "it serves the tests of the community too")]
#[path = "../community/client.rs"]
mod client;
mod faults;
mod http2;
mod identity;
mod limits;
mod origins;
mod page;
mod peers;
mod place;
mod reload;
mod requests;
mod service;
mod shutdown;
mod socketio;
mod sockets;
#[expect(dead_code, reason = "it serves the tests of the API too")]
#[path = "../testing/mod.rs"]
mod testing;
mod tokens;
mod users;
#[path = "../community/web.rs"]
mod web;

realmgate_services::reaper!();
