//! Payloads of a client that holds a valid connection and breaks the rules.

use realmgate_engine::transport::Rate;
use realmgate_engine::transport::Transport;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, VERSION};
use renetcode::DisconnectReason;

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
    let today = |old: &[u8]| [&[VERSION][..], &old[1..]].concat();
    let (slice, reserving, unordered) = (today(&slice), today(&reserving), today(&unordered));
    assert_refused(&mut scene, &mut client, PacketRefusal::Payload, &[&slice, &reserving, &unordered]);
    assert!(scene.messages_of_others().is_empty(), "none of it is a message");
    // A few breaches are forgiven.
    scene.assert_plays(&mut client);
}

#[test]
fn malformed_messages_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut too_long = vec![VERSION, 16, 1, 0, 0, 0xe9, 3];
    too_long.resize(7 + 1_001, 7);
    let none = [VERSION, 16, 0, 0, 0];
    let empty = [VERSION, 16, 2, 0, 0, 0, 0, 0, 0];
    assert_refused(&mut scene, &mut client, PacketRefusal::Message, &[&too_long, &none, &empty]);
    let cut_short = [VERSION, 16, 2, 0, 0, 1, 0, 7];
    let goes_on = [VERSION, 16, 1, 0, 0, 1, 0, 7, 9];
    assert_refused(
        &mut scene,
        &mut client,
        PacketRefusal::Payload,
        &[&cut_short, &goes_on, &[VERSION, 4, 0], &[VERSION, 32, 0]],
    );
    assert!(scene.messages_of_others().is_empty(), "nothing of them is handed over");
    scene.assert_plays(&mut client);
}

#[test]
fn messages_far_ahead_and_acknowledgements_of_nothing_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // The last that may come early, and the acknowledgement that nothing has come, are as legal as can be.
    client.send_payload(&[VERSION, 16, 1, 63, 0, 1, 0, 7]);
    client.send_payload(&[VERSION, 4, 0, 0]);
    let ahead = [VERSION, 16, 1, 64, 0, 1, 0, 7];
    let before_the_first = [VERSION, 16, 1, 0xff, 0xff, 1, 0, 7];
    assert_refused(&mut scene, &mut client, PacketRefusal::MessageAhead, &[&ahead, &before_the_first]);
    let never_sent = [VERSION, 4, 1, 0];
    let never_sent_either = [VERSION, 12, 0, 0, 0, 0, 0, 0x80];
    assert_refused(&mut scene, &mut client, PacketRefusal::AckUnsent, &[&never_sent, &never_sent_either]);
    // 32 KiB are held back until message 0 comes; more is refused.
    for id in 1..=32 {
        let mut message = vec![VERSION, 16, 1, id, 0, 0xe8, 3];
        message.resize(7 + 1_000, id);
        client.send_payload(&message);
    }
    let mut too_much = vec![VERSION, 16, 1, 33, 0, 0xe8, 3];
    too_much.resize(7 + 1_000, 33);
    assert_refused(&mut scene, &mut client, PacketRefusal::MessageAhead, &[&too_much]);
    assert!(scene.messages_of_others().is_empty(), "nothing is handed over before the first");
    client.send_payload(&[VERSION, 16, 1, 0, 0, 1, 0, 99]);
    scene.until("all that was held back comes", &mut [], |scene, _| scene.messages_of_others().len() >= 33);
    let firsts: Vec<u8> = scene.messages_of_others().iter().map(|message| message[0]).collect();
    assert_eq!(firsts, [vec![99], (1..=32).collect()].concat(), "and nothing that was refused");
    assert!(scene.host.disconnected.is_empty());
}

#[test]
fn malformed_and_oversized_frames_are_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut trailing = ClientFrame::default().seal();
    trailing.push(0);
    client.send_payload(&[VERSION, 2]);
    client.send_payload(&trailing);
    client.send_payload(&datagram::seal(Section::Input(&[0xff; 1_198])));
    client.send_payload(&datagram::seal(Section::Snapshot(&[0; 20])));
    scene.until_refused(PacketRefusal::Frame, 4);
    client.send_payload(&[7, 2, 0]);
    client.send_payload(&[VERSION, 77, 0]);
    client.send_payload(&[VERSION]);
    scene.until_refused(PacketRefusal::Payload, 3);
    // Longer than a payload of ours, within what renetcode sends.
    client.send_payload(&[VERSION; 1_201]);
    client.send_payload(&[VERSION; 1_300]);
    scene.until_refused(PacketRefusal::Payload, 5);
    client.send_payload(&[]);
    scene.until_refused(PacketRefusal::Length, 1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn a_flood_of_bad_packets_ends_the_session() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    for _ in 0..25 {
        client.send_payload(&[VERSION, 16, 1, 64, 0, 1, 0, 7]);
    }
    let session = scene.newest_session();
    scene.until_ended(&mut client, DisconnectReason::DisconnectedByServer);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [session]);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
    assert_eq!(scene.host.refusals(PacketRefusal::MessageAhead), 20, "after the twentieth nobody listens");
    scene.assert_serves();
}

#[test]
fn a_flood_of_datagrams_is_cut_to_a_clients_budget() {
    // Nothing is added to it later, so that it shows to the last datagram.
    let budget = Rate { per_second: 0, burst: 2_000 };
    let mut scene = Scene::with(|settings| settings.datagrams_per_client = budget);
    scene.witness.plays = false;
    let beyond_a_poll = scene.host.refusals(PacketRefusal::PollBudget);
    let mut client = scene.join(1);
    let (session, frame) = (scene.newest_session(), ClientFrame::default().seal());
    scene.until("most is cut off", &mut [], |scene, _| {
        (0..100).for_each(|_| client.send_payload(&frame));
        scene.host.refusals(PacketRefusal::SessionBudget) >= 1_000
    });
    scene.assert_serves();
    let taken = scene.host.frames[&session] + scene.host.refusals(PacketRefusal::PollBudget) - beyond_a_poll;
    assert_eq!(taken, 2_000, "all of its budget, and no more");
    assert!(scene.host.disconnected.is_empty(), "it is no breach: they may have been late");
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let mut scene = Scene::new();
    let mut reader = scene.join(1);
    let of_reader = scene.newest_session();
    // Not pumped from now on, so it acknowledges nothing.
    let _deaf = scene.join(2);
    let (of_deaf, mut sent) = (scene.newest_session(), 0);
    scene.until("one is out", &mut [&mut reader], |scene, clients| {
        if clients[0].messages.len() == sent {
            for session in [of_reader, of_deaf] {
                (0..16).for_each(|_| scene.host.transport.send_message(session, vec![7; 1_000]));
            }
            sent += 16;
        }
        !scene.host.disconnected.is_empty()
    });
    assert_eq!(scene.host.disconnected, [of_deaf], "the other one was sent as much, and has read it");
    assert_eq!(scene.host.refusals(PacketRefusal::ClientBehind), 1);
    assert!(sent > 262, "its queue is full after 256 KiB, not after {sent} messages of 1,000 bytes");
    scene.assert_plays(&mut reader);
    scene.assert_serves();
}

#[test]
fn what_others_cause_never_costs_a_client_its_connection() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.pump();
    let session = scene.newest_session();
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
