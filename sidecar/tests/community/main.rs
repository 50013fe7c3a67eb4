//! The community's routes below `/api/v1`: every row of the contract over HTTP, on each backend.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod accounts;
mod admin;
mod authorization;
mod backends;
mod client;
mod elsewhere;
mod friends;
mod happenings;
mod hooks;
mod inputs;
mod leaderboard_index;
mod leaderboards;
mod lobbies;
mod lobby_events;
mod lobby_lists;
mod mails;
mod oauth;
mod openid;
mod phoenix;
mod presence;
mod providers;
mod realtime;
mod script_changes;
mod script_lives;
mod seasons;
mod sending;
mod smtp;
mod sockets;
#[expect(dead_code, reason = "it serves the tests of the API too")]
#[path = "../testing/mod.rs"]
mod testing;
mod theme;
mod world;
