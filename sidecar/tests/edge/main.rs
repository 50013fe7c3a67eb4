//! The layers between the sockets and the routes, over real connections: TLS, the redirect to it, limits.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod certificates;
mod connections;
mod idle_makes_way;
mod pings;
mod redirect;
#[expect(dead_code, reason = "the API's tests use the rest")]
#[path = "../testing/mod.rs"]
mod testing;
mod tls;

realmgate_services::reaper!();
