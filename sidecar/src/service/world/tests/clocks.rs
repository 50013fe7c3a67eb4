//! Connect tokens with wrong clocks: netcode compares them with the map server's own clock.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::ticket::Ticket;
use renetcode::{
    ClientAuthentication, ConnectToken, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult,
};
use serde_json::Value;

use crate::service::world::testing::TestWorld;

const A_MINUTE: Duration = Duration::from_mins(1);

/// The token as `renetcode` reads it: after the id of its ticket.
fn token(world: &TestWorld, success: &Value) -> ConnectToken {
    let bytes = |field: &str| URL_SAFE_NO_PAD.decode(success[field].as_str().unwrap()).unwrap();
    let ticket = Ticket::open(&bytes("ticket"), &world.state().config.secrets.ticket).unwrap();
    let mut whole = ticket.ticket_id.0.to_le_bytes().to_vec();
    whole.extend(bytes("connect_token"));
    ConnectToken::read(&mut whole.as_slice()).unwrap()
}

/// Whether a map server with this time answers the first packet.
fn is_let_in(world: &TestWorld, token: &ConnectToken, now: Duration) -> bool {
    let mut server = NetcodeServer::new(ServerConfig {
        current_time: now,
        max_clients: 1,
        protocol_id: NETCODE_PROTOCOL_ID,
        public_addresses: token.server_addresses.iter().flatten().copied().collect(),
        authentication: ServerAuthentication::Secure { private_key: world.state().config.secrets.ticket.netcode_key() },
    });
    let authentication = ClientAuthentication::Secure { connect_token: token.clone() };
    let mut client = NetcodeClient::new(Duration::ZERO, authentication).unwrap();
    let (request, _) = client.update(Duration::ZERO).unwrap();
    let answer = server.process_packet("127.0.0.1:9".parse().unwrap(), request);
    matches!(answer, ServerResult::PacketToSend { .. })
}

#[tokio::test]
async fn a_map_server_whose_clock_is_wrong_lets_players_in() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.admit().await;
    let success = client.expect("enter_world_success").await;
    let token = token(&world, &success);
    let now = Duration::from_millis(world.state().time.now_ms());
    for clock in [now - A_MINUTE, now, now + A_MINUTE] {
        assert!(is_let_in(&world, &token, clock), "{clock:?}, and now is {now:?}");
    }
    assert!(!is_let_in(&world, &token, now + 10 * A_MINUTE), "it is not good forever");
    assert_eq!(token.expire_timestamp - token.create_timestamp, 30, "clients knock for as long as the ticket is good");
}
