//! A client for Realmgate worlds, without any engine.
//!
//! From the outside in: [`api`] has accounts and characters, [`gateway`] hands out admissions to the world, [`client`]
//! connects with one and plays, [`player`] stays in the world through changes of map and lost connections. Below that
//! are parts without I/O, so that other engines can drive them with their own sockets and clocks:
//! [`transport::Connection`] (netcode, reliable messages, frames), [`session::Session`] (what the player sees, owns and
//! predicts) and [`display::Display`] (which shows it smoothly, at any rate of frames). [`scrape`] reads what a server
//! says of itself, which bots compare with what they have seen.

pub mod api;
pub mod client;
pub mod clock;
pub mod display;
pub mod entry;
pub mod gateway;
pub mod player;
pub mod scrape;
pub mod session;
pub mod token;
pub mod transport;
pub mod world;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
