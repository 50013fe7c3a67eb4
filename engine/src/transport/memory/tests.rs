//! The in-memory network: order, shares, faults.

use super::*;
use crate::transport::SessionId;
use realmgate_protocol::wire::datagram::{ClientFrame, VERSION};

const CLIENT: ClientId = ClientId(7);

fn polled(transport: &mut MemoryTransport) -> Vec<TransportEvent> {
    let mut events = Vec::new();
    transport.poll(&mut events);
    events
}

fn message(byte: u8) -> TransportEvent {
    TransportEvent::Message { client: CLIENT, bytes: vec![byte] }
}

#[test]
fn events_come_in_order_and_messages_wait_for_their_share() {
    let (mut transport, network) = memory_transport();
    let mut client = network.connect(vec![9; 100], CLIENT);
    client.send_frame(ClientFrame::default().seal());
    for number in 0..100u8 {
        client.send_message(vec![number]);
    }
    client.disconnect();

    let mut first = polled(&mut transport);
    let messages = first.split_off(2);
    let connected = TransportEvent::Connected { client: CLIENT, ticket: vec![9; 100] };
    assert_eq!(first, [connected, TransportEvent::Frame { client: CLIENT, frame: ClientFrame::default() }]);
    let said = |numbers: std::ops::Range<u8>| numbers.map(message).collect::<Vec<_>>();
    assert_eq!(messages, said(0..super::super::MAX_MESSAGES_PER_POLL as u8));
    let mut second = polled(&mut transport);
    assert_eq!(second.pop(), Some(TransportEvent::Disconnected { client: CLIENT }));
    assert_eq!(second, said(super::super::MAX_MESSAGES_PER_POLL as u8..100));
    assert_eq!(polled(&mut transport), []);
}

#[test]
fn the_host_ends_a_session_after_its_last_message() {
    let (mut transport, network) = memory_transport();
    let mut client = network.connect(Vec::new(), CLIENT);
    transport.send_message(CLIENT, vec![1]);
    transport.disconnect(CLIENT);
    transport.send_message(CLIENT, vec![2]);
    assert_eq!(client.recv(), vec![MemoryReceived::Message(vec![1]), MemoryReceived::Disconnected]);
    assert!(!client.is_connected());
    assert_eq!(polled(&mut transport).pop(), Some(TransportEvent::Disconnected { client: CLIENT }));
}

#[test]
fn what_is_malformed_is_refused_and_counted() {
    let (mut transport, network) = memory_transport();
    let mut client = network.connect(Vec::new(), CLIENT);
    client.send_frame(vec![VERSION, 2, 0]);
    client.send_frame(vec![9]);
    client.send_message(Vec::new());
    client.send_message(vec![0; 1_001]);
    assert_eq!(polled(&mut transport).len(), 1, "only the connection itself arrives");
    client.send_message(vec![5]);
    client.send_message(vec![0; 1_000]);
    let longest = TransportEvent::Message { client: CLIENT, bytes: vec![0; 1_000] };
    assert_eq!(polled(&mut transport), [message(5), longest], "the shortest and the longest are in order");
    assert_eq!(network.refused(PacketRefusal::Frame), 1);
    assert_eq!(network.refused(PacketRefusal::Payload), 1);
    assert_eq!(network.refused(PacketRefusal::Message), 2);
    transport.send_message(CLIENT, Vec::new());
    transport.send_message(CLIENT, vec![0; 1_001]);
    assert_eq!((client.recv(), network.refused(PacketRefusal::Outgoing)), (Vec::new(), 2), "the host's, too");
}

#[test]
fn an_id_connects_once() {
    let (mut transport, network) = memory_transport();
    let first = network.connect(Vec::new(), CLIENT);
    let second = network.connect(Vec::new(), CLIENT);
    assert!(first.is_connected() && !second.is_connected());
    assert_eq!(polled(&mut transport).len(), 1);
}

#[test]
fn faults_are_the_same_for_the_same_seed() {
    let run = |seed| {
        let (mut transport, network) = memory_transport();
        let mut client = network.connect(Vec::new(), CLIENT);
        network.set_faults(Some(MemoryFaults { seed, loss_per_mille: 300, delay_flushes: 0..=3 }));
        let mut received = Vec::new();
        for tick in 0..100 {
            let mut frames = FrameBatch::default();
            frames.write(SessionId::from(CLIENT.0), |out| out.push(tick));
            transport.send_frames(frames);
            transport.flush();
            received.push(client.recv());
        }
        received
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let arrived = run(1).iter().flatten().count();
    assert!((50..90).contains(&arrived), "about 70 of 100 arrive, not {arrived}");
}
