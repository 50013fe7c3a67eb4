//! Every known vulnerability of stock `renetcode` 2.0.0 and `renet` 2.0.1, with its real bytes sent to a bound socket
//! of ours: the server stays up, counts what it refuses, and goes on serving a client that was there before.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

#[path = "netcode_holes/client.rs"]
mod client;
#[path = "netcode_holes/datagrams.rs"]
mod datagrams;
#[path = "netcode_holes/handshake.rs"]
mod handshake;
#[path = "netcode_holes/payloads.rs"]
mod payloads;
#[path = "netcode_holes/scene.rs"]
mod scene;
#[path = "netcode_holes/tickets.rs"]
mod tickets;
