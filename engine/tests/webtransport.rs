//! The WebTransport transport on a real socket: whatever strangers and clients do to it, it stays up, counts what it
//! refuses, and goes on serving a client that was there before. What `browsers/` has holds of WebSocket too.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

#[path = "webtransport/beginning.rs"]
mod beginning;
#[path = "webtransport/client.rs"]
mod client;
#[path = "webtransport/foreign.rs"]
mod foreign;
#[path = "webtransport/handshake.rs"]
mod handshake;
#[path = "browsers/payloads.rs"]
mod payloads;
#[path = "webtransport/raw.rs"]
mod raw;
#[path = "browsers/reading.rs"]
mod reading;
#[path = "browsers/scene.rs"]
mod scene;
#[path = "webtransport/sessions.rs"]
mod sessions;
#[path = "webtransport/strangers.rs"]
mod strangers;
#[path = "browsers/tickets.rs"]
mod tickets;
