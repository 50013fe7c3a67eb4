//! The WebSocket transport on a real socket: whatever strangers and clients do to it, it stays up, counts what it
//! refuses, and goes on serving a client that was there before. What `browsers/` has holds of WebTransport too.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

#[path = "websocket/client.rs"]
mod client;
#[path = "websocket/messages.rs"]
mod messages;
#[path = "browsers/payloads.rs"]
mod payloads;
#[path = "browsers/reading.rs"]
mod reading;
#[path = "browsers/scene.rs"]
mod scene;
#[path = "websocket/strangers.rs"]
mod strangers;
#[path = "browsers/tickets.rs"]
mod tickets;
#[path = "websocket/tls.rs"]
mod tls;
