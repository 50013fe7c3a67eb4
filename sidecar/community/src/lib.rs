//! What players have around the worlds: accounts of many kinds, their profiles, and how others find them.
//!
//! [`http`] has a file for each group of routes, below `/api/v1` on the players' port; the rules are in [`accounts`], SQL in
//! `store`. Nothing here knows the worlds: what they must hear of goes through [`World`], which the sidecar implements.

pub mod accounts;
mod config;
pub mod http;
mod state;
mod store;
mod time;
mod world;

pub use config::CommunitySettings;
pub use state::{Community, Parts};
pub use world::World;
