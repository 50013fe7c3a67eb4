//! What a player gets who may enter, field by field.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::netcode::ConnectToken;
use realmgate_protocol::realm;
use realmgate_protocol::ticket::Ticket;
use serde_json::{Value, json};

use crate::service::world::testing::TestWorld;

/// Checks the answer to an `enter_world` against the ticket that is wanted for the map server `map-1`.
pub(super) fn check(world: &TestWorld, success: &Value, wanted: &Ticket) {
    let mut plain = success.clone();
    for sealed in ["ticket", "connect_token"] {
        assert!(plain.as_object_mut().unwrap().remove(sealed).is_some(), "{sealed}");
    }
    let expected = json!({
        "channel": wanted.channel.0,
        "character_id": wanted.character.to_string(),
        "expires_in": 30,
        "map_id": wanted.map.0,
        "map_ip": "127.0.0.1",
        "map_name": "map-1",
        "map_port": 4_049,
        "map_ws_url": "ws://127.0.0.1:4049/play",
        "map_wt_url": "https://127.0.0.1:4049/play",
        "map_wt_cert_sha256": "5a".repeat(32),
        "protocol_hash": format!("{:016x}", realm::protocol_hash()),
        "server_id": "map-1",
        "spawn_pos": {"x": 1.5, "y": 3.0},
    });
    assert_eq!(plain, expected, "it appears where the map server says");
    check_ticket(world, success, wanted);
}

fn check_ticket(world: &TestWorld, success: &Value, wanted: &Ticket) {
    let keys = &world.state().config.secrets.ticket;
    let text = |field: &str| success[field].as_str().unwrap();
    let ticket = Ticket::open(&URL_SAFE_NO_PAD.decode(text("ticket")).unwrap(), keys).unwrap();
    assert_eq!(ticket, *wanted);
    assert_ne!(ticket.ticket_id.0, 0);
    let token = ConnectToken::read_text(text("connect_token")).unwrap();
    let private = token.open(&keys.netcode_key()).expect("the map server can open it");
    let address = SocketAddr::from(([127, 0, 0, 1], 4_049));
    assert_eq!((private.client_id, &private.servers), (ticket.ticket_id.0, &vec![address]));
    assert_eq!(token.servers, private.servers);
    assert_eq!((private.timeout_s, token.timeout_s), (10, 10));
    assert_eq!(private.client_to_server_key, token.client_to_server_key);
    assert_eq!(private.server_to_client_key, token.server_to_client_key);
    assert_ne!(token.client_to_server_key, token.server_to_client_key);
    assert_eq!(Ticket::open(&private.user_data, keys), Ok(ticket), "the ticket travels in it");
}
