//! Payloads of a client that holds a valid connection and breaks the rules.

use realmgate_engine::transport::Transport;
use realmgate_engine::transport::refusal::Refusal;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Kind};

use super::client::Client;
use super::scene::Scene;

/// Sends these reliable packets and sees that all are refused as this.
fn assert_refused(scene: &mut Scene, client: &mut Client, reason: Refusal, packets: &[&[u8]]) {
    let before = scene.host.refusals(reason);
    packets.iter().for_each(|packet| client.send_reliable_packet(packet));
    scene.until_refused(reason, before + packets.len() as u64);
    scene.assert_serves();
}

#[test]
fn slices_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // Message 0, slice 9 of 1, of 1,180 bytes: renet indexes out of bounds, reliable and unreliable.
    let mut reliable = vec![2, 0, 0, 0, 9, 1, 0x44, 0x9c];
    reliable.resize(8 + 1_180, 7);
    let mut unreliable = reliable.clone();
    unreliable[0] = 3;
    assert_refused(&mut scene, &mut client, Refusal::Slice, &[&reliable, &unreliable]);
    // Ten bytes that name 4,369 slices: renet reserves 5 MB, for a reliable message for ever.
    let small = [3, 0, 0, 0, 0, 0x80, 0, 0x11, 0x11, 0];
    let small_reliable = [2, 0, 0, 0, 0, 0x80, 0, 0x11, 0x11, 1, 7];
    assert_refused(&mut scene, &mut client, Refusal::Slice, &[&small, &small_reliable]);
    assert!(client.is_connected(), "four breaches are forgiven");
}

#[test]
fn there_is_no_unordered_channel_to_fill() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // Withholding message 0 of an unordered channel makes renet remember every later id; its channel 1 is such a one.
    assert_refused(&mut scene, &mut client, Refusal::Channel, &[&[0, 0, 1, 0, 1, 1, 1, 7], &[0, 1, 2, 0, 1, 1, 1, 7]]);
    assert_refused(&mut scene, &mut client, Refusal::Unreliable, &[&[1, 2, 0, 0, 1, 1, 7]]);
    // And on the ordered channel, what is far ahead of the next message is not kept.
    assert_refused(&mut scene, &mut client, Refusal::MessageAhead, &[&[0, 3, 0, 0, 1, 0x44, 0, 1, 7]]);
    assert!(client.is_connected());
}

#[test]
fn malformed_reliable_packets_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    assert_refused(&mut scene, &mut client, Refusal::Reliable, &[&[], &[9, 9], &[0, 0, 0, 0, 2, 0, 1, 7]]);
    let mut too_long = vec![0, 0, 0, 0, 1, 0, 0x43, 0xe9];
    too_long.resize(8 + 1_001, 7);
    assert_refused(&mut scene, &mut client, Refusal::Message, &[&too_long, &[0, 0, 0, 0, 1, 0, 0]]);
    // 390 messages of no byte each, which cost nothing of renet's memory limit.
    let mut empty = vec![0, 0, 0, 1, 0x86];
    (0..390u16).for_each(|id| empty.extend([0x40 | (id >> 8) as u8, id as u8, 0]));
    assert_refused(&mut scene, &mut client, Refusal::Message, &[&empty]);
    assert_refused(&mut scene, &mut client, Refusal::AckRanges, &[&[4, 0, 5, 6, 0], &[4, 0, 9, 0, 0x40, 200]]);
    assert!(client.is_connected());
}

#[test]
fn malformed_and_oversized_frames_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut trailing = ClientFrame::default().seal();
    trailing.push(0);
    client.send_payload(&[1, 1]);
    client.send_payload(&trailing);
    client.send_payload(&datagram::seal(Kind::ClientFrame, &[0xff; 1_198]));
    client.send_payload(&datagram::seal(Kind::ServerFrame, &[0; 20]));
    scene.until_refused(Refusal::Frame, 4);
    client.send_payload(&[7, 1, 0]);
    client.send_payload(&[1, 77, 0]);
    client.send_payload(&[1]);
    scene.until_refused(Refusal::Payload, 3);
    // Longer than a payload of ours, within what renetcode would take.
    client.send_payload(&[1; 1_201]);
    client.send_payload(&[1; 1_300]);
    client.send_payload(&[]);
    scene.until_refused(Refusal::Length, 3);
    assert!(client.is_connected());
    scene.assert_serves();
}

#[test]
fn a_flood_of_bad_packets_ends_the_session() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    for _ in 0..25 {
        client.send_reliable_packet(&[3, 0, 0, 0, 0, 0x80, 0, 0x11, 0x11, 0]);
    }
    scene.until("it is out", &mut [&mut client], |_, clients| clients[0].is_disconnected());
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    assert_eq!(scene.host.refusals(Refusal::Abuse), 1);
    assert_eq!(scene.host.refusals(Refusal::Slice), 20, "after the twentieth nobody listens");
    scene.assert_serves();
}

#[test]
fn a_flood_of_datagrams_is_cut_to_a_clients_budget() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let frame = ClientFrame::default().seal();
    scene.until("most is cut off", &mut [], |scene, _| {
        (0..100).for_each(|_| client.send_payload(&frame));
        scene.host.refusals(Refusal::SessionBudget) >= 1_000
    });
    scene.assert_serves();
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.pump();
    let session = *scene.host.players.keys().max().unwrap();
    for _ in 0..300 {
        scene.host.transport.send_message(session, vec![7; 1_000]);
    }
    // The client is not pumped, so it acknowledges nothing.
    scene.until("it is out", &mut [], |scene, _| scene.host.disconnected == vec![session]);
    assert_eq!(scene.host.refusals(Refusal::ClientBehind), 1);
    scene.assert_serves();
}

#[test]
fn messages_of_every_size_arrive_in_order_both_ways() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let messages: Vec<Vec<u8>> = (0..150u8).map(|i| vec![i; 1 + usize::from(i) * 37 % 1_000]).collect();
    for (sent, message) in messages.iter().enumerate() {
        client.send_message(message);
        // One more than fits a payload under way: stock renet would pack what waits longer into one that is too long.
        scene.until("the one before comes back", &mut [&mut client], |_, clients| clients[0].messages.len() >= sent);
    }
    scene.until("all come back", &mut [&mut client], |_, clients| clients[0].messages.len() >= messages.len());
    assert_eq!(client.messages, messages);
    scene.assert_serves();
}
