//! The map link: one WebSocket from each map server, and what this process knows of who is connected.
//!
//! What a map server says is handled strictly in its order, one message after the other, with one exception: answers to
//! our own questions go straight to who asked. What we say goes through a bounded queue; a map server that does not
//! empty it loses its link, and picks up where it was when it connects again.

mod departures;
mod inbound;
mod links;
mod socket;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use realmgate_protocol::ids::ServerId;

pub use departures::Departures;
pub use links::{Link, LinkGone, Links, PrepareFailure, Question};
pub use socket::router;

use crate::directory::{Cookie, Sessions};
use crate::gateway::Sockets;
use crate::service::world::{Gates, Unlinked};
use crate::social::Social;

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
    /// Users who are online.
    pub sessions: Sessions,
    /// Who is in which world, and in which party.
    pub social: Social,
    /// One way into the world at a time for each account.
    pub gates: Gates,
    /// Characters on map servers that hold no link.
    pub unlinked: Unlinked,
    cookies: Mutex<HashMap<ServerId, Cookie>>,
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

impl Connected {
    /// Whether a map server says hello with another cookie than the last time: its process is another one, and what the
    /// old one held is nobody's.
    pub(crate) fn is_new_process(&self, server: &ServerId, cookie: &Cookie, resumed: bool) -> bool {
        match self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(server) {
            Some(last) => last != cookie,
            // This process has never met it. One that brought its cookie along was there before us.
            None => !resumed,
        }
    }

    /// Remembers which process of a map server it has dealt with.
    pub(crate) fn met(&self, server: &ServerId, cookie: Cookie) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).insert(server.clone(), cookie);
    }
}
