//! Where and how a player connects to a map server: `data` of the gateway's `enter_world_success`, and, as the same JSON,
//! the text in `Travel`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::MapId;
use crate::netcode::ConnectToken;
use crate::ticket::Ticket;

/// What lets a character into the world, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryGrant {
    /// The character's id; `None` from a foreign gateway that does not say.
    #[serde(default)]
    pub character_id: Option<String>,
    /// Address of the map server.
    pub map_ip: String,
    /// UDP port of the map server.
    pub map_port: u16,
    /// The ticket in base64url.
    pub ticket: String,
    /// Where the character arrives; `None` if its map server does not say.
    pub spawn_pos: Option<SpawnPosition>,
    /// The map's id.
    #[serde(deserialize_with = "number_or_text")]
    pub map_id: u16,
    /// The map's name; `None` if its server does not say.
    #[serde(default)]
    pub map_name: Option<String>,
    /// The channel's number.
    #[serde(deserialize_with = "number_or_text")]
    pub channel: u16,
    /// The id of the map server.
    pub server_id: String,
    /// The netcode connect token in base64url.
    pub connect_token: String,
    /// The same token in the form that `renetcode::ConnectToken::read` takes, in base64url: the client id as eight bytes, and
    /// the standard's. The gateway adds it for clients that ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renet_connect_token: Option<String>,
    /// The map server's WebSocket URL; `None` if it has none.
    #[serde(default)]
    pub map_ws_url: Option<String>,
    /// The map server's WebTransport URL; `None` if it has none.
    #[serde(default)]
    pub map_wt_url: Option<String>,
    /// The SHA-256 of the certificate there, 64 hexadecimal digits, if nobody has signed it: for a browser's
    /// `serverCertificateHashes`.
    #[serde(default)]
    pub map_wt_cert_sha256: Option<String>,
    /// The map server's protocol hash: 16 hexadecimal digits, since JSON numbers lose the last bits of 64.
    pub protocol_hash: String,
    /// Seconds that the ticket is valid.
    pub expires_in: u32,
}

/// A point in tiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpawnPosition {
    /// Tiles from the west.
    pub x: f64,
    /// Tiles from the north.
    pub y: f64,
}

impl EntryGrant {
    /// Adds [`Self::renet_connect_token`], if the ticket and the token are whole.
    pub fn add_renet_connect_token(&mut self) {
        let client_id = Ticket::peek_text(&self.ticket).map(|ticket| ticket.ticket_id.0);
        let token = ConnectToken::read_text(&self.connect_token);
        self.renet_connect_token = client_id.ok().zip(token.ok()).map(|(id, token)| token.to_renetcode_text(id));
    }

    /// The map's id.
    pub fn map(&self) -> MapId {
        MapId(self.map_id)
    }

    /// The map server's protocol hash; `None` if it is not hexadecimal.
    pub fn hash(&self) -> Option<u64> {
        u64::from_str_radix(&self.protocol_hash, 16).ok()
    }
}

/// Foreign gateways give ids as numbers or as text.
fn number_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u16),
        Text(String),
    }
    match Id::deserialize(from)? {
        Id::Number(number) => Ok(number),
        Id::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
