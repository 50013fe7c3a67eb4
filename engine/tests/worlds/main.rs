//! Whole worlds over the in-memory and the UDP transport: what goes in, what comes out, and nothing of how.

#![expect(clippy::unwrap_used, reason = "what a test helper can not do, fails the test")]

mod ambiguity;
mod gate;
mod lifecycle;
mod outage;
mod record;
mod replication;
mod stepper;
mod test_game;
mod udp_client;
mod wire;
