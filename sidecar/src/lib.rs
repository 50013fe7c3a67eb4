//! Accounts, characters, locks, directory and gateway of a Realmgate world.
//!
//! A request goes route → extractor ([`http`]) → rule ([`service`]) → [`store`]. Map servers are served by
//! [`directory`] (which of them are alive), [`link`] (the map link) and [`lock`] (which server may change a character),
//! players by [`gateway`]. [`fleet`] starts map servers. [`Sidecar::start`] puts all of it together; both the binary
//! `sidecar` and an embedding map server call it.

pub mod admin;
pub mod app;
pub mod config;
pub mod directory;
pub mod fleet;
pub mod gateway;
pub mod http;
pub mod link;
pub mod lock;
pub mod own_folder;
pub mod ready;
pub mod replicas;
pub mod role_logs;
pub mod service;
pub mod social;
pub mod state;
pub mod store;

pub use app::{Running, Sidecar, StartError};
pub use config::SidecarConfig;
pub use state::{Addrs, AppState};

#[cfg(test)]
realmgate_services::reaper!();
