//! What every service of a sidecar stands on, whatever it serves.
//!
//! [`http`] has the listeners, the layers around routes and the extractors; [`error`] the codes that clients see;
//! [`limits`], [`passwords`], [`tokens`] and [`sessions`] guard accounts; [`database`] and [`redis_client`] lead to what
//! several sidecars share; [`theme`] is how the realm looks, and [`telemetry`] sends traces and errors where an operator wants them.
//! Nothing here knows of worlds, characters or locks.

pub mod accounts;
pub mod background;
pub mod bans;
pub mod clock;
pub mod config;
pub mod database;
pub mod error;
pub mod gates;
pub mod hook_subscriptions;
pub mod http;
pub mod limits;
pub mod metrics_recorder;
pub mod passwords;
pub mod redis_client;
pub mod secrets;
pub mod sessions;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod theme;
pub mod tokens;
pub mod websocket;
pub mod world_feed;

#[cfg(test)]
realmgate_services::reaper!();
