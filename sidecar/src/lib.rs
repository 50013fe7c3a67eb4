//! Accounts, characters, locks, directory and gateway of a Realmgate world.
//!
//! A request goes route → extractor ([`http`]) → rule ([`service`]) → [`store`]. Map servers are served by
//! [`directory`] (which of them are alive), [`link`] (the map link) and [`lock`] (which server may change a character),
//! players by [`gateway`]. [`fleet`] starts map servers. [`Sidecar::start`] puts all of it together; both the binary
//! `sidecar` and an embedding map server call it.

pub mod admin;
pub mod app;
pub mod background;
pub mod clock;
pub mod config;
pub mod directory;
pub mod error;
pub mod fleet;
pub mod gateway;
pub mod http;
pub mod link;
pub mod lock;
pub mod metrics_recorder;
pub mod own_folder;
pub mod ready;
pub mod redis_client;
pub mod replicas;
pub mod secrets;
pub mod service;
pub mod social;
pub mod state;
pub mod store;
#[cfg(test)]
mod testing;
mod websocket;

pub use app::{Running, Sidecar, StartError};
pub use config::{ConfigError, SidecarConfig};
pub use error::{Error, ErrorCode};
pub use state::{Addrs, AppState};
