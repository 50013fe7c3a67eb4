//! Tokens and tickets, made as a gateway makes them.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, TicketId};
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::netcode::{ConnectToken, USER_DATA_BYTES};
use realmgate_protocol::realm::protocol_hash;
use realmgate_protocol::ticket::{KeyRing, Ticket};

use crate::transport::testing::ServerDouble;

/// A ticket as text.
pub fn ticket(ticket_id: u64) -> String {
    let keys: KeyRing = "a secret of at least thirty-two bytes!".parse().unwrap();
    Ticket {
        ticket_id: TicketId(ticket_id),
        account: AccountId([1; 16]),
        character: CharacterId([2; 16]),
        epoch: LockEpoch(1),
        map: MapId(1),
        channel: ChannelId(1),
        server: "map-server-1".parse().unwrap(),
        issued_ms: 0,
        expires_ms: 30_000,
    }
    .seal_text(&keys)
}

/// What the tokens carry for the game.
pub fn user_data() -> [u8; USER_DATA_BYTES] {
    std::array::from_fn(|i| i as u8)
}

/// A token that `renetcode` made at time zero, valid for 30 s.
pub fn token(ticket_id: u64, addresses: Vec<SocketAddr>, key: &[u8; 32]) -> renetcode::ConnectToken {
    let (now, user_data) = (Duration::ZERO, Some(&user_data()));
    renetcode::ConnectToken::generate(now, NETCODE_PROTOCOL_ID, 30, ticket_id, 5, addresses, user_data, key).unwrap()
}

/// The same token without its client id, as a gateway would have it.
pub fn standard(token: &renetcode::ConnectToken) -> ConnectToken {
    ConnectToken {
        valid_s: token.create_timestamp..token.expire_timestamp,
        nonce: token.xnonce,
        sealed: token.private_data,
        timeout_s: token.timeout_seconds,
        servers: token.server_addresses.iter().flatten().copied().collect(),
        client_to_server_key: token.client_to_server_key,
        server_to_client_key: token.server_to_client_key,
    }
}

/// The token in the standard's public layout, as base64url.
pub fn standard_text(token: &renetcode::ConnectToken) -> String {
    standard(token).to_text()
}

/// What lets a client into the double, by a ticket of this id.
pub fn grant(server: &ServerDouble, ticket_id: u64) -> EntryGrant {
    EntryGrant {
        character_id: None,
        map_ip: "127.0.0.1".to_owned(),
        map_port: server.address().port(),
        ticket: ticket(ticket_id),
        spawn_pos: None,
        map_id: 2,
        map_name: None,
        channel: 1,
        server_id: "map-server-2".to_owned(),
        connect_token: standard_text(&server.token(ticket_id)),
        renet_connect_token: None,
        map_ws_url: None,
        map_wt_url: None,
        map_wt_cert_sha256: None,
        protocol_hash: format!("{:016x}", protocol_hash()),
        expires_in: 30,
    }
}
