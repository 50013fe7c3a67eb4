//! The JSON document of a map server in Redis.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{ChannelId, MapId, ServerId, TicketId};
use realmgate_protocol::link::ChannelLoad;
use realmgate_protocol::movement::Position;
use serde::{Deserialize, Serialize};

use crate::directory::{LinkFacts, MapServer, Seat};

/// A map server's entry in Redis. Numbers that JSON readers may round, and bytes, are written in hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    id: ServerId,
    name: String,
    ip: Ipv4Addr,
    port: u16,
    supported_maps: Vec<MapId>,
    #[serde(default)]
    map_names: BTreeMap<u16, String>,
    #[serde(default)]
    spawns: BTreeMap<u16, Position>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ws_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wt_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wt_cert_sha256: Option<String>,
    max_players: u32,
    current_players: u32,
    load: f64,
    cookie_sha256: String,
    resumed: bool,
    #[serde(flatten)]
    link: Option<DocumentedLink>,
    #[serde(default)]
    channel_loads: Vec<ChannelLoad>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DocumentedLink {
    replica: String,
    linked_maps: Vec<MapId>,
    channels: u16,
    protocol_hash: String,
}

impl Document {
    /// Reads the entry of a document, without seats and expiry. A document that cannot be read counts as lost.
    pub(super) fn read(text: &str) -> Option<MapServer> {
        let read = serde_json::from_str(text).map_err(|error| error.to_string()).and_then(|document: Self| {
            let id = document.id.clone();
            document.entry().ok_or_else(|| format!("invalid hexadecimal fields of {id}"))
        });
        read.inspect_err(|error| tracing::warn!(error, "cannot parse a map server's entry in Redis")).ok()
    }

    /// Writes the document of an entry.
    pub(super) fn write(server: &MapServer) -> Result<String, Error> {
        let server = server.clone();
        let document = Self {
            id: server.id,
            name: server.name,
            ip: server.ip,
            port: server.port,
            supported_maps: server.supported_maps,
            map_names: server.map_names,
            spawns: server.spawns,
            ws_url: server.ws_url,
            wt_url: server.wt_url,
            wt_cert_sha256: server.wt_cert_sha256,
            max_players: server.max_players,
            current_players: server.current_players,
            load: server.load,
            cookie_sha256: server.cookie.to_string(),
            resumed: server.resumed,
            link: server.link.map(|link| DocumentedLink {
                replica: link.replica,
                linked_maps: link.maps,
                channels: link.channels,
                protocol_hash: format!("{:016x}", link.protocol_hash),
            }),
            channel_loads: server.channel_loads,
        };
        serde_json::to_string(&document).map_err(Error::internal)
    }

    fn entry(self) -> Option<MapServer> {
        let link = match self.link {
            None => None,
            Some(link) => Some(LinkFacts {
                replica: link.replica,
                maps: link.linked_maps,
                channels: link.channels,
                protocol_hash: u64::from_str_radix(&link.protocol_hash, 16).ok()?,
            }),
        };
        Some(MapServer {
            id: self.id,
            name: self.name,
            ip: self.ip,
            port: self.port,
            supported_maps: self.supported_maps,
            map_names: self.map_names,
            spawns: self.spawns,
            ws_url: self.ws_url,
            wt_url: self.wt_url,
            wt_cert_sha256: self.wt_cert_sha256,
            max_players: self.max_players,
            current_players: self.current_players,
            load: self.load,
            expires_at_ms: 0,
            cookie: self.cookie_sha256.parse().ok()?,
            resumed: self.resumed,
            link,
            channel_loads: self.channel_loads,
            seats: Vec::new(),
        })
    }
}

/// The place of a seat, as it is written after its expiry.
pub(super) fn seat_place(seat: &Seat) -> String {
    format!("{} {}", seat.map, seat.channel)
}

/// Parses a seat; `None` if it has expired.
pub(super) fn parse_seat(ticket: TicketId, text: &str, now_ms: u64) -> Option<Seat> {
    let mut parts = text.split(' ');
    let ends_at_ms: u64 = parts.next()?.parse().ok()?;
    let (map, channel) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (ends_at_ms > now_ms).then_some(Seat { ticket, map: MapId(map), channel: ChannelId(channel) })
}
