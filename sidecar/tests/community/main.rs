//! The community's routes below `/api/v1`: every row of the contract over HTTP, on each backend.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod accounts;
mod authorization;
mod backends;
mod inputs;
#[expect(dead_code, reason = "it serves the tests of the API too")]
#[path = "../testing/mod.rs"]
mod testing;
mod world;
