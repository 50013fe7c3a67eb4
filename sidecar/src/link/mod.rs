//! The map link: one WebSocket from each map server, and what this process knows of who is connected.
//!
//! What a map server says is handled strictly in its order, one message after the other, with one exception: answers to
//! our own questions go straight to who asked. What we say goes through a bounded queue; a map server that does not
//! empty it loses its link, and picks up where it was when it connects again.

mod departures;
mod inbound;
mod links;
pub(crate) mod reach;
mod socket;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

pub use departures::Departures;
pub use links::{Link, LinkGone, Links, PrepareFailure, Question};
pub use socket::router;

use crate::gateway::Sockets;
use crate::lock::CookieHash;
use crate::service::world::Gates;

/// Who is connected to this process: map servers by their links, players by their sockets and characters.
#[derive(Clone, Default)]
pub struct Hub(Arc<Connected>);

/// What [`Hub`] leads to.
#[derive(Default)]
pub struct Connected {
    /// The map servers' links.
    pub links: Links,
    /// Who waits for a character to leave a world.
    pub departures: Departures,
    /// Players' gateway sockets.
    pub sockets: Sockets,
    /// This sidecar's own cookie, once it has its lock.
    pub own_cookie: OnceLock<CookieHash>,
    /// One way into the world at a time for each account.
    pub gates: Gates,
    /// One socket at a time that takes its account's lock.
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
