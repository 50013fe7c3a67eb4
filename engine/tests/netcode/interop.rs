//! Clients of stock `renetcode` connect, exchange, stay and leave.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_engine::transport::refusal::PacketRefusal;
use renetcode::{ClientAuthentication, ConnectToken, DisconnectReason, NetcodeClient};

use crate::lane::{Event, KEY, Lane, PROTOCOL_ID, address, server_address};

/// The time between two updates of a client and the server.
const STEP: Duration = Duration::from_millis(50);

struct Stock {
    netcode: NetcodeClient,
    from: SocketAddr,
    payloads: Vec<Vec<u8>>,
}

impl Stock {
    fn new(client_id: u64, from: SocketAddr, timeout_s: i32) -> Self {
        let (servers, data) = (vec![server_address()], [client_id as u8; 256]);
        let unix = Duration::from_secs(1_000);
        let token =
            ConnectToken::generate(unix, PROTOCOL_ID, 30, client_id, timeout_s, servers, Some(&data), &KEY).unwrap();
        let authentication = ClientAuthentication::Secure { connect_token: token };
        let netcode = NetcodeClient::new(Duration::ZERO, authentication).unwrap();
        Self { netcode, from, payloads: Vec::new() }
    }

    /// Lets time pass for both; returns what the server heard from the client.
    fn step(&mut self, lane: &mut Lane) -> Vec<Event> {
        lane.now += STEP;
        let mut events = Vec::new();
        if let Some((datagram, _)) = self.netcode.update(STEP) {
            events.extend(lane.receive(datagram, self.from));
        }
        (0..lane.server.slots()).for_each(|slot| assert!(lane.tend(slot), "nobody is lost"));
        self.take(lane);
        events
    }

    fn take(&mut self, lane: &mut Lane) {
        for mut datagram in lane.answers() {
            self.payloads.extend(self.netcode.process_packet(&mut datagram).map(<[u8]>::to_vec));
        }
    }

    fn connect(&mut self, lane: &mut Lane) -> usize {
        let slot = (0..20).find_map(|_| {
            self.step(lane).into_iter().find_map(|event| match event {
                Event::Connected { slot, client_id, user_data, replaces: None } => {
                    assert_eq!((client_id, user_data), (self.netcode.client_id(), self.netcode.client_id() as u8));
                    Some(slot)
                }
                _ => None,
            })
        });
        assert!(self.netcode.is_connected());
        slot.unwrap()
    }
}

#[test]
fn a_stock_client_exchanges_payloads() {
    let mut lane = Lane::new(8);
    let mut client = Stock::new(5, address(1), 5);
    let slot = client.connect(&mut lane);
    for length in 1..=1_200 {
        let payload = vec![length as u8; length];
        let (_, datagram) = client.netcode.generate_payload_packet(&payload).unwrap();
        assert_eq!(lane.receive(datagram, address(1)), Ok(Event::Payload { slot, payload: payload.clone() }));
        lane.send_payload(slot, &payload);
        client.take(&mut lane);
        assert_eq!(client.payloads.pop(), Some(payload));
    }
}

#[test]
fn a_stock_client_stays_as_long_as_it_likes_and_leaves() {
    let mut lane = Lane::new(8);
    let mut client = Stock::new(5, address(1), 2);
    let slot = client.connect(&mut lane);
    for _ in 0..2_000 {
        client.step(&mut lane);
        assert!(client.netcode.is_connected(), "nothing but keep-alives, at {:?}", lane.now);
    }
    let (_, datagram) = client.netcode.disconnect().unwrap();
    assert_eq!(lane.receive(datagram, address(1)), Ok(Event::Disconnected { slot }));
}

#[test]
fn a_stock_client_hears_of_its_end() {
    let mut lane = Lane::new(8);
    let mut client = Stock::new(5, address(1), 5);
    let slot = client.connect(&mut lane);
    lane.disconnect(slot);
    client.take(&mut lane);
    assert_eq!(client.netcode.disconnect_reason(), Some(DisconnectReason::DisconnectedByServer));
}

#[test]
fn a_stock_client_hears_that_there_is_no_room() {
    let mut lane = Lane::new(1);
    lane.join(1, address(1));
    let mut client = Stock::new(5, address(2), 5);
    let (datagram, _) = client.netcode.update(STEP).unwrap();
    assert_eq!(lane.receive(datagram, address(2)), Err(PacketRefusal::ServerFull));
    client.take(&mut lane);
    assert_eq!(client.netcode.disconnect_reason(), Some(DisconnectReason::ConnectionDenied));
}
