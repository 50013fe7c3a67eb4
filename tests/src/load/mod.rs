//! A load of thousands of players from one core, and what a map server makes of it.
//!
//! [`double`] stands in the sidecar's place, so that nobody has to log in. [`swarm`] drives the players on one thread:
//! each has a socket ([`client_netcode`], [`wire`]), a [`mind`] that reads what it is told, and plays its part of a [`scene`];
//! some may be [`hostile`].
//! [`round`] puts a server ([`server`], on [`ground`] made for the scene) under it and measures ([`figures`], [`age`]).
//! [`flood`] is what strangers add to that. [`relay`] carries players to a server's WebSocket or WebTransport.
//! What it is held against lies with the bench: `tests/benches/world/yardstick/`.

pub mod age;
mod aim;
mod chance;
pub mod client_netcode;
pub mod double;
pub mod figures;
pub mod flood;
pub mod ground;
mod hostile;
pub mod line;
pub mod mind;
pub mod player;
pub mod relay;
pub mod round;
pub mod scene;
pub mod server;
pub mod sockets;
pub mod swarm;
pub mod turns;
pub mod wire;
