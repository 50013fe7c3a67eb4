//! Payloads of a client that holds a valid connection and breaks the rules.

use realmgate_engine::transport::Transport;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};

use super::client::Client;
use super::scene::Scene;

/// Sends these payloads and asserts that all are refused for this reason.
fn assert_refused(scene: &mut Scene, client: &mut Client, reason: PacketRefusal, payloads: &[&[u8]]) {
    let before = scene.host.refusals(reason);
    payloads.iter().for_each(|payload| client.send_payload(payload));
    scene.until_refused(reason, before + payloads.len() as u64);
    scene.assert_serves();
}

#[test]
fn what_made_renet_fall_over_is_no_payload() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // In the first layout: slice 9 of 1, of 1,180 bytes, where renet indexed out of bounds; ten bytes that named 4,369
    // slices, for which it reserved 5 MB; an unordered channel that it filled without bound.
    let mut slice = vec![1, 3, 2, 0, 0, 0, 9, 1, 0x44, 0x9c];
    slice.resize(10 + 1_180, 7);
    let reserving = [1, 3, 3, 0, 0, 0, 0, 0x80, 0, 0x11, 0x11, 0];
    let unordered = [1, 3, 0, 0, 1, 0, 1, 1, 1, 7];
    assert_refused(&mut scene, &mut client, PacketRefusal::Payload, &[&slice, &reserving, &unordered]);
    // And with today's version before the same bytes.
    slice[0] = 2;
    assert_refused(&mut scene, &mut client, PacketRefusal::Payload, &[&slice, &[&[2][..], &reserving[1..]].concat()]);
    assert!(client.is_connected(), "a few breaches are forgiven");
}

#[test]
fn malformed_messages_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut too_long = vec![2, 16, 1, 0, 0, 0xe9, 3];
    too_long.resize(7 + 1_001, 7);
    let none = [2, 16, 0, 0, 0];
    let empty = [2, 16, 2, 0, 0, 0, 0, 0, 0];
    assert_refused(&mut scene, &mut client, PacketRefusal::Message, &[&too_long, &none, &empty]);
    let cut_short = [2, 16, 2, 0, 0, 1, 0, 7];
    let goes_on = [2, 16, 1, 0, 0, 1, 0, 7, 9];
    assert_refused(&mut scene, &mut client, PacketRefusal::Payload, &[&cut_short, &goes_on, &[2, 4, 0], &[2, 32, 0]]);
    assert!(client.is_connected() && scene.host.messages.iter().all(|message| message.len() > 1));
}

#[test]
fn messages_far_ahead_and_acknowledgements_of_nothing_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let ahead = [2, 16, 1, 64, 0, 1, 0, 7];
    let before_the_first = [2, 16, 1, 0xff, 0xff, 1, 0, 7];
    assert_refused(&mut scene, &mut client, PacketRefusal::MessageAhead, &[&ahead, &before_the_first]);
    let never_sent = [2, 4, 1, 0];
    let never_sent_either = [2, 12, 0, 0, 0, 0, 0, 0x80];
    assert_refused(&mut scene, &mut client, PacketRefusal::AckUnsent, &[&never_sent, &never_sent_either]);
    // 32 KiB are held back until message 0 comes; more is refused.
    for id in 1..=32 {
        let mut message = vec![2, 16, 1, id, 0, 0xe8, 3];
        message.resize(7 + 1_000, id);
        client.send_payload(&message);
    }
    let mut too_much = vec![2, 16, 1, 33, 0, 0xe8, 3];
    too_much.resize(7 + 1_000, 33);
    assert_refused(&mut scene, &mut client, PacketRefusal::MessageAhead, &[&too_much]);
    assert!(client.is_connected());
}

#[test]
fn malformed_and_oversized_frames_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut trailing = ClientFrame::default().seal();
    trailing.push(0);
    client.send_payload(&[2, 2]);
    client.send_payload(&trailing);
    client.send_payload(&datagram::seal(Section::Input(&[0xff; 1_198])));
    client.send_payload(&datagram::seal(Section::Snapshot(&[0; 20])));
    scene.until_refused(PacketRefusal::Frame, 4);
    client.send_payload(&[7, 2, 0]);
    client.send_payload(&[2, 77, 0]);
    client.send_payload(&[2]);
    scene.until_refused(PacketRefusal::Payload, 3);
    // Longer than a payload of ours, within what renetcode would take.
    client.send_payload(&[1; 1_201]);
    client.send_payload(&[1; 1_300]);
    client.send_payload(&[]);
    scene.until_refused(PacketRefusal::Length, 3);
    assert!(client.is_connected());
    scene.assert_serves();
}

#[test]
fn a_flood_of_bad_packets_ends_the_session() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    for _ in 0..25 {
        client.send_payload(&[2, 16, 1, 64, 0, 1, 0, 7]);
    }
    scene.until("it is out", &mut [&mut client], |_, clients| clients[0].is_disconnected());
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
    assert_eq!(scene.host.refusals(PacketRefusal::MessageAhead), 20, "after the twentieth nobody listens");
    scene.assert_serves();
}

#[test]
fn a_flood_of_datagrams_is_cut_to_a_clients_budget() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let frame = ClientFrame::default().seal();
    scene.until("most is cut off", &mut [], |scene, _| {
        (0..100).for_each(|_| client.send_payload(&frame));
        scene.host.refusals(PacketRefusal::SessionBudget) >= 1_000
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
    assert_eq!(scene.host.refusals(PacketRefusal::ClientBehind), 1);
    scene.assert_serves();
}

#[test]
fn what_others_cause_never_costs_a_client_its_connection() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.pump();
    let session = *scene.host.players.keys().max().unwrap();
    // Ten times what may wait for a client, and the client acknowledges none of it.
    for number in 0..40_960u32 {
        scene.host.transport.send_of_others(session, [&number.to_le_bytes()[..], &[7; 60]].concat());
    }
    scene.until("most of it is left out", &mut [], |scene, _| scene.host.refusals(PacketRefusal::ClientSlow) > 38_000);
    // There is still room for the client's own messages, and they come through.
    let own = [9; 900].to_vec();
    scene.host.transport.send_message(session, own.clone());
    scene.until("its own has come", &mut [&mut client], |_, clients| clients[0].messages.contains(&own));
    assert!(client.is_connected() && scene.host.disconnected.is_empty());
    assert_eq!(scene.host.refusals(PacketRefusal::ClientBehind), 0);
    let heard = client.messages.len();
    scene.host.transport.send_of_others(session, vec![8; 60]);
    scene.until("it keeps up again", &mut [&mut client], |_, clients| clients[0].messages.len() > heard);
    scene.assert_serves();
}

#[test]
fn messages_of_every_size_arrive_in_order_both_ways() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let messages: Vec<Vec<u8>> = (0..150u8).map(|i| vec![i; 1 + usize::from(i) * 37 % 1_000]).collect();
    messages.iter().for_each(|message| client.send_message(message));
    scene.until("all come back", &mut [&mut client], |_, clients| clients[0].messages.len() >= messages.len());
    assert_eq!(client.messages, messages);
    scene.assert_serves();
}
