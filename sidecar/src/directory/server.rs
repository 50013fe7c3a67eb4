//! A map server as the directory knows it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{ChannelId, MapId, ServerId, TicketId};
use realmgate_protocol::link::ChannelLoad;
use realmgate_protocol::movement::Position;
use subtle::ConstantTimeEq;

use crate::lock::CookieHash;

const COOKIE_BYTES: usize = 24;

/// Distinguishes a map server's process from another one that claims its id. Never shown in logs or listings.
#[derive(Clone)]
pub struct Cookie(String);

impl Cookie {
    /// A new random cookie.
    ///
    /// # Errors
    /// `INTERNAL` when the system has no random bytes.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; COOKIE_BYTES];
        getrandom::fill(&mut bytes).map_err(Error::internal)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Parses a cookie that a map server shows; `None` if it cannot be one of ours.
    pub fn shown(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == COOKIE_BYTES).then(|| Self(text.to_owned()))
    }

    /// The text, for the map server it belongs to.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that is kept of it.
    pub fn hash(&self) -> CookieHash {
        CookieHash::of(&self.0)
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

/// What a map server says about itself when it registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: ServerId,
    /// Its name, for people.
    pub name: String,
    /// The address where players reach it.
    pub ip: Ipv4Addr,
    /// Its UDP port.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<MapId>,
    /// The names of maps by id, as far as it gives them.
    pub map_names: BTreeMap<u16, String>,
    /// Where new characters begin on each map, by the map's id, as far as it gives them.
    pub spawns: BTreeMap<u16, Position>,
    /// Where it answers WebSocket, if it does.
    pub ws_url: Option<String>,
    /// Where it answers WebTransport, if it does.
    pub wt_url: Option<String>,
    /// The SHA-256 of its certificate there in hexadecimal, if nobody has signed it.
    pub wt_cert_sha256: Option<String>,
    /// The maximum number of players.
    pub max_players: u32,
    /// The cookie of an earlier registration of the same process, if there was one.
    pub cookie: Option<Cookie>,
}

/// What is known about a map server by its map link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFacts {
    /// The id of the sidecar that holds the link.
    pub replica: String,
    /// The maps that can be entered.
    pub maps: Vec<MapId>,
    /// The number of channels of each map.
    pub channels: u16,
    /// The hash of the game protocol that its clients must speak.
    pub protocol_hash: u64,
}

/// A place that is reserved for a player who is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The ticket of the player it is for.
    pub ticket: TicketId,
    /// The map it is on.
    pub map: MapId,
    /// The channel it is in.
    pub channel: ChannelId,
}

/// A live map server.
#[derive(Debug, Clone, PartialEq)]
pub struct MapServer {
    /// Its id.
    pub id: ServerId,
    /// Its name, for people.
    pub name: String,
    /// The address where players reach it.
    pub ip: Ipv4Addr,
    /// Its UDP port.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<MapId>,
    /// The names of maps by id, as far as it gives them.
    pub map_names: BTreeMap<u16, String>,
    /// Where new characters begin on each map, by the map's id, as far as it gives them.
    pub spawns: BTreeMap<u16, Position>,
    /// Where it answers WebSocket, if it does.
    pub ws_url: Option<String>,
    /// Where it answers WebTransport, if it does.
    pub wt_url: Option<String>,
    /// The SHA-256 of its certificate there in hexadecimal, if nobody has signed it.
    pub wt_cert_sha256: Option<String>,
    /// The maximum number of players.
    pub max_players: u32,
    /// The number of players in it, as last reported.
    pub current_players: u32,
    /// Its load as of its last heartbeat, in its own measure.
    pub load: f64,
    /// When the entry expires unless it is renewed, in Unix milliseconds.
    pub expires_at_ms: u64,
    /// The hash of the cookie of its process.
    pub cookie: CookieHash,
    /// Whether the process brought its cookie along: it is older than its entry here.
    pub resumed: bool,
    /// What is known by its map link; `None` while no sidecar holds it.
    pub link: Option<LinkFacts>,
    /// Players by channel, as last reported over its link.
    pub channel_loads: Vec<ChannelLoad>,
    /// The seats of players who are on the way.
    pub seats: Vec<Seat>,
}

impl MapServer {
    /// The address where players connect.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.ip, self.port))
    }

    /// The id of the sidecar that holds its map link.
    pub fn replica(&self) -> Option<&str> {
        self.link.as_ref().map(|link| link.replica.as_str())
    }

    /// Whether another player fits: neither players nor those on the way fill it, and it can keep up.
    pub fn has_room(&self) -> bool {
        let can_keep_up = self.channel_loads.is_empty() || self.channel_loads.iter().any(|load| !load.is_full);
        can_keep_up && self.expected_players() < self.max_players
    }

    /// Whether one channel takes no more players, as the map server itself reports.
    pub fn is_full(&self, map: MapId, channel: ChannelId) -> bool {
        self.channel_loads.iter().any(|load| load.is_full && (load.map, load.channel) == (map, channel))
    }

    /// The number of players in one channel and on the way there.
    pub fn players_in(&self, map: MapId, channel: ChannelId) -> u32 {
        let here = self.channel_loads.iter().filter(|load| (load.map, load.channel) == (map, channel));
        let coming = self.seats.iter().filter(|seat| (seat.map, seat.channel) == (map, channel)).count();
        here.map(|load| u32::from(load.players)).sum::<u32>().saturating_add(count(coming))
    }

    /// The number of players on one map.
    pub fn players_on(&self, map: MapId) -> u32 {
        self.channel_loads.iter().filter(|load| load.map == map).map(|load| u32::from(load.players)).sum()
    }

    /// How full it is; 1 is full.
    pub(super) fn fullness(&self) -> f64 {
        f64::from(self.expected_players()) / f64::from(self.max_players.max(1))
    }

    fn expected_players(&self) -> u32 {
        self.current_players.saturating_add(count(self.seats.len()))
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
