//! Scripted scenes: a whole map server with the real game in it, stepped tick by tick over any transport.
//!
//! A [`Scene`] is a server on a [`Ground`], players who are our client library's sessions, and in the sidecar's place a
//! [`SidecarDouble`] that keeps who owns what. Each of its steps ends when everybody has heard everything, whether within
//! the process or through sockets, so a scene goes the same way over all, without a pause for luck.

mod character;
mod content;
mod double;
// What the engine's own scenes wait by.
#[path = "../../../engine/tests/worlds/gate.rs"]
mod gate;
mod ground;
mod ledger;
mod link;
mod parties;
mod player;
mod scene;
mod script;
mod seen;
mod stage;
mod wire;

pub use character::Character;
pub use content::{DATA, MAPS};
pub use double::SidecarDouble;
pub use ground::{Ground, tile};
pub use ledger::Ledger;
pub use player::Player;
pub use scene::{OFFLINE_PLAY_MAX_S, Scene, TICK_HZ, Who};
pub use seen::Seen;
pub use stage::{Outcome, Stage};
pub use wire::Wire;
