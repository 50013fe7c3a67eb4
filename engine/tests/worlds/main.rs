//! Black-box tests of whole worlds over the in-memory and the UDP transport: what goes in and what comes out.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod ambiguity;
mod come_back;
mod gate;
mod lifecycle;
mod outage;
mod record;
mod replication;
mod rest;
mod spectators;
mod stepper;
mod test_game;
mod transports;
mod udp_client;
mod wire;
