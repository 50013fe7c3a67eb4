//! Tokens and tickets, made as a gateway makes them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, TicketId};
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::ticket::{KeyRing, Ticket};
use renetcode::ConnectToken;

use super::TOKEN_BYTES;

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

/// A token that `renetcode` made at time zero, valid for 30 s.
pub fn token(ticket_id: u64, addresses: Vec<SocketAddr>, key: &[u8; 32]) -> ConnectToken {
    ConnectToken::generate(Duration::ZERO, NETCODE_PROTOCOL_ID, 30, ticket_id, 5, addresses, None, key).unwrap()
}

/// The token in the standard's public layout.
pub fn standard_bytes(token: &ConnectToken) -> Vec<u8> {
    let mut out = token.version_info.to_vec();
    out.extend(token.protocol_id.to_le_bytes());
    out.extend(token.create_timestamp.to_le_bytes());
    out.extend(token.expire_timestamp.to_le_bytes());
    out.extend(token.xnonce);
    out.extend(token.private_data);
    out.extend(token.timeout_seconds.to_le_bytes());
    let addresses: Vec<_> = token.server_addresses.iter().flatten().collect();
    out.extend((addresses.len() as u32).to_le_bytes());
    for address in addresses {
        match address.ip() {
            IpAddr::V4(ip) => {
                out.push(1);
                out.extend(ip.octets());
            }
            IpAddr::V6(ip) => {
                out.push(2);
                ip.segments().iter().for_each(|group| out.extend(group.to_le_bytes()));
            }
        }
        out.extend(address.port().to_le_bytes());
    }
    out.extend(token.client_to_server_key);
    out.extend(token.server_to_client_key);
    out.resize(TOKEN_BYTES, 0);
    out
}

/// The token in the standard's public layout, as base64url.
pub fn standard_text(token: &ConnectToken) -> String {
    URL_SAFE_NO_PAD.encode(standard_bytes(token))
}
