//! Accounts, characters, locks, directory and gateway of a Realmgate world.
//!
//! A request goes route → extractor ([`http`]) → rule ([`service`]) → [`store`]. What speaks with map servers lies in
//! [`directory`] (who is alive), [`link`] (the map link) and [`lock`] (who may change a character), what speaks with
//! players in [`gateway`]. [`fleet`] starts map servers. [`Sidecar::start`] puts all of it together and is what both the binary `sidecar` and an
//! embedding map server call.

pub mod admin;
pub mod app;
pub mod clock;
pub mod config;
pub mod directory;
pub mod error;
pub mod fleet;
pub mod gateway;
pub mod http;
pub mod link;
pub mod lock;
pub mod ready;
pub mod redis_client;
pub mod replicas;
pub mod secrets;
pub mod service;
pub mod social;
pub mod state;
pub mod store;

pub use app::{Running, Sidecar, StartError};
pub use config::{ConfigError, SidecarConfig};
pub use error::{Error, ErrorCode};
pub use state::{Addrs, AppState};
