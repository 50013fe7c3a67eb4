//! The map link: one WebSocket from each map server, and what this process knows about who is connected.
//!
//! Messages of a map server are handled strictly in order, one after the other; answers to our own questions are handed
//! to the task that asked. Our messages go through a bounded queue; a map server that does not empty it loses its link,
//! and continues where it was when it connects again.

mod departures;
mod inbound;
mod links;
pub(crate) mod reach;
mod socket;

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};

pub use departures::{Departure, Departures};
pub use links::{Link, LinkGone, Links, PrepareFailure, Question};
pub use socket::router;

use crate::gateway::Sockets;
use crate::lock::CookieHash;
use crate::own_folder::OwnFolder;
use crate::service::world::Gates;

/// Who is connected to this process: map servers by their links, players by their sockets and characters.
#[derive(Clone, Default)]
pub struct Hub(Arc<Connected>);

/// What [`Hub`] leads to.
#[derive(Default)]
pub struct Connected {
    /// The map servers' links.
    pub links: Links,
    /// The tasks that wait for a character to leave a world.
    pub departures: Departures,
    /// Players' gateway sockets.
    pub sockets: Sockets,
    /// This sidecar's own cookie, once it has its lock.
    pub own_cookie: OnceLock<CookieHash>,
    /// This sidecar's own folder, from when it has its lock until it gives it back.
    pub own_folder: Mutex<Option<OwnFolder>>,
    /// Lets each account enter the world one attempt at a time.
    pub gates: Gates,
    /// Lets one socket of an account at a time take the account's lock.
    pub claims: Gates,
}

impl Hub {
    /// A hub without links.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Deref for Hub {
    type Target = Connected;
    fn deref(&self) -> &Connected {
        &self.0
    }
}
