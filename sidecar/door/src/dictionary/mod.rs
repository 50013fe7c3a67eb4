//! `services.toml`: the services behind the door.
//!
//! [`Dictionary::parse`] finds all faults of a file at once, and [`Watch`] follows the file. `services.example.toml` of
//! this package shows every key.

mod address;
mod claims;
mod fault;
mod form;
mod limits;
mod load;
mod lookup;
mod nearest;
mod public;
mod service;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderName, Method};

pub use fault::{Fault, Faults};
pub use form::schema;
pub use load::{Summary, check};
pub use watch::Watch;

/// All services of a `services.toml` that is without faults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dictionary {
    /// In the order of the file. Names, paths and namespaces are unique.
    pub services: Vec<Service>,
}

/// A service behind the door.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name in logs, metrics and the file.
    pub name: String,
    /// Where it listens. Several are balanced.
    pub urls: Vec<BaseUrl>,
    /// The path that it is exposed at, such as `/shop`; `None` for a service that is reached over Socket.IO alone. It
    /// begins with a slash and does not end with one.
    pub path: Option<String>,
    /// Whether HTTP requests need a token.
    pub http: Access,
    /// Whether sockets need a token: WebSockets below `path`, and sockets of `socket_io`.
    pub sockets: Access,
    /// Routes below `path` that need no token.
    pub public: Vec<PublicRoute>,
    /// Its Socket.IO server; `None` for a service without one.
    pub socket_io: Option<SocketIo>,
    /// What it is passed of the user, and in which header. By default the account's id, in `x-user-id`.
    pub claims: Vec<(Claim, HeaderName)>,
    /// The path that health checks request; `None` for no health checks.
    pub health: Option<String>,
    /// Limits of the calls to it.
    pub limits: Limits,
}

/// Whether a token is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// A valid token is needed.
    Token,
    /// No token is needed. The user of a valid one is passed on.
    Open,
    /// Not served at all.
    Off,
}

/// A route that needs no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRoute {
    /// Its method; `None` for all.
    pub method: Option<Method>,
    /// Its path below the service's, which begins with a slash.
    pub path: String,
    /// Whether every path that begins so is public (`/news/*`).
    pub is_prefix: bool,
}

/// The Socket.IO server of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketIo {
    /// The namespace at the door, such as `/shop`.
    pub namespace: String,
    /// The namespace at the service.
    pub service_namespace: String,
    /// The path of the service's Engine.IO, usually `/socket.io/`.
    pub path: String,
}

/// What a service is passed of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, schemars::JsonSchema)]
pub enum Claim {
    /// The account's id.
    #[serde(rename = "userId")]
    UserId,
    /// The account's role, `player` or `admin`.
    #[serde(rename = "role")]
    Role,
    /// The id of the login.
    #[serde(rename = "sid")]
    Session,
}

/// A base URL of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority,
    /// What its paths begin with, without a slash at the end; usually empty.
    pub path: String,
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

/// Limits of the calls to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long connecting may take.
    pub connect: Duration,
    /// How long the head of an answer may take.
    pub answer: Duration,
    /// How long nothing may come of an answer or over a socket.
    pub idle: Duration,
    /// Maximum size of a request body, in bytes.
    pub max_body_bytes: u64,
    /// Maximum size of a Socket.IO packet with its attachments, in bytes.
    pub max_packet_bytes: usize,
    /// How often a call without a body is repeated that is safe to repeat.
    pub retries: u32,
    /// Maximum number of requests at once.
    pub max_requests: u32,
    /// Maximum number of sockets at once.
    pub max_sockets: u32,
    /// How many failures in a row open the circuit breaker of a base URL.
    pub breaker_failures: NonZeroU32,
    /// How long it stays open.
    pub breaker_open: Duration,
}
