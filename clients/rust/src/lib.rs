//! A client for Realmgate worlds, without any engine.
//!
//! From the outside in: [`api`] has accounts and characters, [`gateway`] hands out admissions to the world, [`client`]
//! connects with one and plays. Below that are two parts without I/O, so that other engines can drive them with their
//! own sockets and clocks: [`transport::Connection`] (netcode, reliable messages, frames) and [`session::Session`]
//! (what the player sees, owns and predicts). [`display::Display`] shows it smoothly, at any rate of frames. [`scrape`]
//! reads what a server says of itself, which bots compare with what they have seen.

pub mod api;
pub mod client;
pub mod clock;
pub mod display;
pub mod entry;
pub mod gateway;
pub mod scrape;
pub mod session;
pub mod token;
pub mod transport;
pub mod world;
