//! Tickets, and the connect token that carries them.

use realmgate_protocol::ids::{ChannelId, LockEpoch, MapId, TicketId};
use realmgate_protocol::limits::{MAX_TICKET_BYTES, NETCODE_PROTOCOL_ID};
use realmgate_protocol::netcode::{ConnectToken, KEY_BYTES, NONCE_BYTES, SEALED_BYTES};
use realmgate_protocol::ticket::{KeyRing, SpectatorTicket, Ticket};
use serde_json::json;

use crate::samples::{LARGE, account, character};
use crate::vectors::{Vector, check, hex};

const SECRET: &str = "a golden secret of thirty-two bytes!";
const ROTATING: &str =
    "new:bmV3IHNlY3JldCBuZXcgc2VjcmV0IG5ldyBzZWNyZXQ=,old:b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQ=";

fn ticket(server: &str) -> Ticket {
    Ticket {
        ticket_id: TicketId(LARGE),
        account: account(1),
        character: character(1),
        epoch: LockEpoch(4),
        map: MapId(2),
        channel: ChannelId(1),
        server: server.parse().unwrap(),
        issued_ms: 1_790_000_000_000,
        expires_ms: 1_790_000_030_000,
    }
}

#[test]
fn tickets_are_as_recorded() {
    let made = [
        ("one_secret", SECRET, "map-server-2".to_owned()),
        ("rotating_keys", ROTATING, "map-server-2".to_owned()),
        ("longest_server_id", SECRET, "s".repeat(48)),
    ]
    .map(|(name, secret, server)| {
        let keys: KeyRing = secret.parse().unwrap();
        let ticket = ticket(&server);
        let sealed = ticket.seal(&keys);
        assert!(sealed.len() <= MAX_TICKET_BYTES, "{name} is too long");
        assert_eq!(Ticket::open(&sealed, &keys).as_ref(), Ok(&ticket), "{name} opens");
        assert_eq!(Ticket::peek_text(&ticket.seal_text(&keys)).as_ref(), Ok(&ticket), "clients can read it");
        let value = json!({
            "keys": secret,
            "signing_key_id": keys.signing_id(),
            "netcode_key": hex(&keys.netcode_key()),
            "ticket_id": ticket.ticket_id.0.to_string(),
            "account": ticket.account.to_string(),
            "character": ticket.character.to_string(),
            "epoch": ticket.epoch,
            "map": ticket.map,
            "channel": ticket.channel,
            "server": server,
            "issued_ms": ticket.issued_ms,
            "expires_ms": ticket.expires_ms,
            "text": ticket.seal_text(&keys),
        });
        Vector::new(name, "A signed ticket; `text` is its form in JSON.", value, &sealed)
    });
    check("tickets", &made);
}

#[test]
fn spectators_tickets_are_as_recorded() {
    let keys: KeyRing = SECRET.parse().unwrap();
    let ticket = SpectatorTicket {
        ticket_id: TicketId(LARGE),
        map: MapId(2),
        channel: ChannelId(1),
        server: "map-server-2".parse().unwrap(),
        issued_ms: 1_790_000_000_000,
        expires_ms: 1_790_000_030_000,
    };
    let sealed = ticket.seal(&keys);
    assert_eq!(SpectatorTicket::open(&sealed, &keys).as_ref(), Ok(&ticket), "it opens");
    let value = json!({
        "keys": SECRET,
        "signing_key_id": keys.signing_id(),
        "ticket_id": ticket.ticket_id.0.to_string(),
        "map": ticket.map,
        "channel": ticket.channel,
        "server": "map-server-2",
        "issued_ms": ticket.issued_ms,
        "expires_ms": ticket.expires_ms,
        "text": ticket.seal_text(&keys),
    });
    let what = "A signed spectator's ticket; `text` is its form in JSON.";
    check("spectator_tickets", &[Vector::new("one_secret", what, value, &sealed)]);
}

#[test]
fn the_connect_token_is_as_recorded() {
    let token = ConnectToken {
        valid_s: 1_790_000_000..1_790_000_030,
        nonce: [0x11; NONCE_BYTES],
        sealed: [0x22; SEALED_BYTES],
        timeout_s: 10,
        servers: vec!["203.0.113.7:4001".parse().unwrap()],
        client_to_server_key: [0x33; KEY_BYTES],
        server_to_client_key: [0x44; KEY_BYTES],
    };
    assert_eq!(ConnectToken::read(&token.to_bytes()).as_ref(), Ok(&token), "it reads back");
    let value = json!({
        "protocol_id": format!("{NETCODE_PROTOCOL_ID:016x}"),
        "created_s": token.valid_s.start,
        "expires_s": token.valid_s.end,
        "nonce": hex(&token.nonce),
        "private_byte": token.sealed[0],
        "timeout_s": token.timeout_s,
        "addresses": [{ "ip": "203.0.113.7", "port": 4_001 }],
        "client_to_server_key": hex(&token.client_to_server_key),
        "server_to_client_key": hex(&token.server_to_client_key),
    });
    let what = "The layout of a public connect token. Its private part is not sealed here but filled with one byte.";
    check("connect_token", &[Vector::new("layout", what, value, &token.to_bytes())]);
}
