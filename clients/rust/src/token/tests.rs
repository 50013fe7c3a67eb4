//! Connect tokens beside those of `renetcode`.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::{KEY_BYTES, NONCE_BYTES, PrivateToken, USER_DATA_BYTES};
use renetcode::{ClientAuthentication, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult};

use super::testing::{standard, standard_text, ticket, token, user_data};
use super::*;

const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

fn server() -> SocketAddr {
    "127.0.0.1:4001".parse().unwrap()
}

#[test]
fn a_standard_token_becomes_what_renetcode_made() {
    let made = token(42, vec![server(), "10.1.2.3:5".parse().unwrap()], &KEY);
    let decoded = decode(&standard_text(&made), &ticket(42)).unwrap();
    assert_eq!(decoded, made);
    // With IPv4 addresses, renetcode's own form of it is the same bytes behind the client id.
    let mut written = Vec::new();
    decoded.write(&mut written).unwrap();
    assert_eq!(written[..8], 42u64.to_le_bytes());
    assert_eq!(written[8..], standard(&made).to_bytes()[..written.len() - 8]);
    assert_eq!(renetcode::ConnectToken::read(&mut written.as_slice()).unwrap(), decoded);
}

#[test]
fn what_renetcode_seals_opens() {
    let made = token(42, vec![server()], &KEY);
    let opened = standard(&made).open(&KEY).unwrap();
    assert_eq!((opened.client_id, opened.timeout_s, opened.servers), (42, 5, vec![server()]));
    assert_eq!(opened.client_to_server_key, made.client_to_server_key);
    assert_eq!(opened.server_to_client_key, made.server_to_client_key);
    assert_eq!(opened.user_data, user_data());
}

/// A token without IPv6 addresses, whose bytes `renetcode` has in another order.
#[test]
fn renetcode_opens_what_we_seal() {
    let private = PrivateToken {
        client_id: 42,
        timeout_s: 5,
        servers: vec!["10.1.2.3:5".parse().unwrap(), server()],
        client_to_server_key: [1; KEY_BYTES],
        server_to_client_key: [2; KEY_BYTES],
        user_data: [3; USER_DATA_BYTES],
    };
    let is_answered = |key: &[u8; KEY_BYTES]| {
        let token = ConnectToken::new(&private, 0..30, [4; NONCE_BYTES], key);
        let mut netcode = NetcodeServer::new(ServerConfig {
            current_time: Duration::ZERO,
            max_clients: 1,
            protocol_id: NETCODE_PROTOCOL_ID,
            public_addresses: vec![server()],
            authentication: ServerAuthentication::Secure { private_key: KEY },
        });
        let authentication = ClientAuthentication::Secure { connect_token: for_renetcode(&token, 42) };
        let mut client = NetcodeClient::new(Duration::ZERO, authentication).unwrap();
        let (request, _) = client.update(Duration::ZERO).unwrap();
        let answer = netcode.process_packet("127.0.0.1:9".parse().unwrap(), request);
        matches!(answer, ServerResult::PacketToSend { .. })
    };
    assert!(is_answered(&KEY));
    assert!(!is_answered(&[8; KEY_BYTES]), "another key");
}

#[test]
fn a_token_needs_its_ticket() {
    let made = token(1, vec![server()], &KEY);
    assert!(matches!(decode(&standard_text(&made), "nonsense"), Err(TokenError::Ticket(_))));
    assert_eq!(decode("not base64!", &ticket(1)), Err(TokenError::Token(ConnectTokenError::Encoding)));
}
