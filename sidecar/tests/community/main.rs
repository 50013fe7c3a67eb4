//! The community's routes below `/api/v1`: every row of the contract over HTTP, on each backend.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

mod abandoned;
mod accounts;
mod admin;
mod administrators;
mod amplification;
mod authorization;
mod backends;
mod bound_flows;
mod bounds;
mod client;
mod conventions;
mod debounce;
mod development;
mod documents;
mod elsewhere;
mod field_limits;
mod friend_rows;
mod friends;
mod happenings;
mod hooks;
mod idle;
mod inputs;
mod leaderboard_index;
mod leaderboard_rows;
mod leaderboards;
mod lobbies;
mod lobby_events;
mod lobby_lists;
mod log_ins;
mod log_outs;
mod mails;
mod oauth;
mod openid;
mod operation_ids;
mod phoenix;
mod presence;
mod provider_rows;
mod providers;
mod rates;
mod realtime;
mod registrations;
mod script_chains;
mod script_changes;
mod script_lives;
mod seasons;
mod sending;
mod shapes;
mod smtp;
mod social;
mod sockets;
#[expect(dead_code, reason = "it serves the tests of the API too")]
#[path = "../testing/mod.rs"]
mod testing;
mod theme;
mod web;
mod world;

realmgate_services::reaper!();
