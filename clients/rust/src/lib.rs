//! What a player's program needs to be in a Realmgate world, without any engine.
//!
//! From the outside in: [`api`] has accounts and characters, [`gateway`] hands out admissions to the world, [`client`]
//! connects with one and plays. Below it, and free of I/O, so that other engines can drive them with sockets and clocks
//! of their own: [`transport::Connection`] (netcode, reliable messages, frames) and [`session::Session`] (what the
//! player sees, owns and predicts).

pub mod api;
pub mod client;
pub mod clock;
pub mod entry;
pub mod gateway;
pub mod session;
pub mod token;
pub mod transport;
pub mod world;
