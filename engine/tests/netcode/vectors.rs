//! Packets that were built without our code, compared byte for byte: as the standard of netcode 1.02 lays them out, put
//! together with OpenSSL's ChaCha20-Poly1305. Clients' authors have the same file.

use std::collections::BTreeMap;

use realmgate_engine::netcode::Kind;
use realmgate_engine::netcode::peer::{Peer, Said};
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::netcode::PrivateToken;
use serde_json::Value;

use crate::lane::{EXPIRES_S, Event, KEY, Lane, PROTOCOL_ID, address};

/// The packets by name.
fn vectors() -> BTreeMap<String, Vec<u8>> {
    let text = include_str!("../../../protocol/vectors/netcode_packets.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    let bytes =
        |hex: &str| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let text = |vector: &Value, field: &str| vector[field].as_str().unwrap().to_owned();
    vectors.iter().map(|vector| (text(vector, "name"), bytes(&text(vector, "hex")))).collect()
}

/// The client of the vectors. The nonce of its token is the bytes 0 to 23; the gateway's key is 32 bytes of 0x11.
fn client() -> Peer {
    let token = PrivateToken {
        client_id: 0x0102_0304_0506_0708,
        timeout_s: 5,
        servers: vec!["127.0.0.1:40000".parse().unwrap(), "[2001:db8::1]:40001".parse().unwrap()],
        client_to_server_key: [0xa1; 32],
        server_to_client_key: [0xb2; 32],
        user_data: std::array::from_fn(|i| i as u8),
    };
    Peer::new(&token, PROTOCOL_ID, EXPIRES_S, &std::array::from_fn(|i| i as u8), &KEY)
}

#[test]
fn what_our_client_sends_is_what_the_standard_says() {
    let (vectors, mut client) = (vectors(), client());
    assert_eq!(client.request(), vectors["request"]);
    assert_eq!(client.receive(&mut vectors["challenge"].clone()), Some(Said::Challenge));
    assert_eq!(client.response().unwrap(), vectors["response"]);
    assert_eq!(client.keep_alive(), vectors["keep_alive_from_client"]);
    assert_eq!(client.sealed(Kind::Payload, 0x12_3456, b"hello"), vectors["payload_from_client"]);
    assert_eq!(client.sealed(Kind::Disconnect, 5, b""), vectors["disconnect_from_client"]);
}

#[test]
fn what_our_server_sends_is_what_the_standard_says() {
    let (vectors, mut lane, mut client) = (vectors(), Lane::new(64), client());
    // The client of the vectors has slot 3.
    (1..=3).for_each(|id| drop(lane.join(id, address(id as u16))));
    let connected = lane.accept(&mut client, address(4));
    assert!(matches!(connected, Event::Connected { slot: 3, .. }), "{connected:?}");
    assert_eq!(lane.answers(), [vectors["keep_alive_from_server"].clone()]);
    assert_eq!(lane.receive(&client.keep_alive(), address(4)), Ok(Event::Heard { slot: 3 }));
    // The payload of the vectors has number 1,000.
    (1..1_000).for_each(|_| lane.send_payload(3, b"before"));
    lane.answers();
    lane.send_payload(3, b"hello");
    lane.disconnect(3);
    let expected = ["payload_from_server", "disconnect_from_server"].map(|name| vectors[name].clone());
    assert_eq!(lane.answers()[..2], expected);
}

#[test]
fn what_a_server_sends_is_read_as_the_standard_says() {
    let (vectors, mut client) = (vectors(), client());
    let mut said = |name: &str| client.receive(&mut vectors[name].clone());
    assert_eq!(said("denied"), Some(Said::Denied));
    assert_eq!(said("keep_alive_from_server"), Some(Said::KeepAlive { index: 3, max_clients: 64 }));
    assert_eq!(said("payload_from_server"), Some(Said::Payload(b"hello".to_vec())));
    assert_eq!(said("disconnect_from_server"), Some(Said::Disconnect));
    assert_eq!(said("payload_from_server"), None, "it came before");
}

#[test]
fn a_server_reads_what_the_standard_says() {
    let (vectors, mut lane) = (vectors(), Lane::new(64));
    assert_eq!(lane.receive(&vectors["request"], address(1)), Ok(Event::Answered));
    assert_eq!(lane.receive(&vectors["response"], address(1)), Err(PacketRefusal::Netcode), "of another's challenge");
    lane.answers();
    let mut client = client();
    let Event::Connected { slot, client_id, user_data, .. } = lane.accept(&mut client, address(1)) else {
        panic!("it is not connected")
    };
    assert_eq!((client_id, user_data), (0x0102_0304_0506_0708, 255));
    assert_eq!(lane.user_data, (0..=255).collect::<Vec<u8>>());
    assert_eq!(lane.receive(&vectors["keep_alive_from_client"], address(1)), Ok(Event::Heard { slot }));
    let payload = b"hello".to_vec();
    assert_eq!(lane.receive(&vectors["payload_from_client"], address(1)), Ok(Event::Payload { slot, payload }));
    assert_eq!(
        lane.receive(&vectors["disconnect_from_client"], address(1)),
        Err(PacketRefusal::Replayed),
        "5 is long past"
    );

    let mut lane = Lane::new(64);
    let Event::Connected { slot, .. } = lane.accept(&mut self::client(), address(1)) else { panic!("nor this one") };
    assert_eq!(lane.receive(&vectors["disconnect_from_client"], address(1)), Ok(Event::Disconnected { slot }));
}
