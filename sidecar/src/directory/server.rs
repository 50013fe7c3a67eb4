//! A map server as the directory knows it.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ids::{MapId, ServerId};
use subtle::ConstantTimeEq;

use crate::error::Error;

const COOKIE_BYTES: usize = 24;

/// What tells a map server's process from another one that claims its id. Never shown in logs or listings.
#[derive(Clone)]
pub struct Cookie(String);

impl Cookie {
    /// A new one.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; COOKIE_BYTES];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// One that a map server shows; `None` where it can not be one of ours.
    pub fn shown(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == COOKIE_BYTES).then(|| Self(text.to_owned()))
    }

    /// The text, for the map server it belongs to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Compared in constant time.
impl PartialEq for Cookie {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Cookie {}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

/// What a map server says of itself when it registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: ServerId,
    /// Its name, for people.
    pub name: String,
    /// Where players reach it.
    pub ip: Ipv4Addr,
    /// Its port, UDP and TCP.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<MapId>,
    /// Players it holds.
    pub max_players: u32,
    /// The cookie of an earlier registration of the same process.
    pub cookie: Option<Cookie>,
}

/// A live map server.
#[derive(Debug, Clone, PartialEq)]
pub struct MapServer {
    /// Its id.
    pub id: ServerId,
    /// Its name, for people.
    pub name: String,
    /// Where players reach it.
    pub ip: Ipv4Addr,
    /// Its port, UDP and TCP.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<MapId>,
    /// Players it holds.
    pub max_players: u32,
    /// Players in it, by its last heartbeat.
    pub current_players: u32,
    /// Its load, by its last heartbeat, in its own measure.
    pub load: f64,
    /// When it is gone unless it is heard of.
    pub expires_at_ms: u64,
    /// Which process it is.
    pub cookie: Cookie,
    /// Whether the process brought its cookie along: it is older than its entry here.
    pub resumed: bool,
}

impl MapServer {
    /// Where players connect.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.ip, self.port))
    }

    /// Whether another player fits, by its last heartbeat.
    pub fn has_room(&self) -> bool {
        self.current_players < self.max_players
    }

    /// How full it is, 1 being full.
    pub(super) fn fullness(&self) -> f64 {
        f64::from(self.current_players) / f64::from(self.max_players.max(1))
    }
}
