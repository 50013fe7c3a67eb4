//! Messages of a client that is connected and breaks the rules.

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Rate};
use realmgate_protocol::wire::datagram::{ClientFrame, VERSION};

use super::scene::Scene;

#[test]
fn malformed_payloads_are_refused_and_a_few_are_forgiven() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    for payload in [&[][..], &[VERSION], &[VERSION, 77, 0], &[VERSION - 1, 4, 0, 0]] {
        client.send_payload(payload);
    }
    scene.until_refused(PacketRefusal::Payload, 4);
    client.send_payload(&[VERSION, 4, 9, 0]);
    scene.until_refused(PacketRefusal::AckUnsent, 1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn a_message_longer_than_any_payload_ends_it() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    let mut longest = vec![VERSION, 2];
    longest.resize(1_200, 0xff);
    client.send_payload(&longest);
    scene.until_refused(PacketRefusal::Frame, 1);
    client.send_payload(&[0; 1_201]);
    scene.until_closed(&mut client, 1_009);
    scene.until_refused(PacketRefusal::Length, 1);
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

#[test]
fn many_breaches_end_it() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    (0..25).for_each(|_| client.send_payload(&[VERSION, 16, 1, 64, 0, 1, 0, 7]));
    scene.until_closed(&mut client, 1_008);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
    assert_eq!(scene.host.refusals(PacketRefusal::MessageAhead), 20, "after the twentieth nobody listens");
    scene.assert_serves();
}

#[test]
fn a_flood_is_cut_to_a_clients_budget() {
    let budget = Rate { per_second: 0, burst: 2_000 };
    let mut scene = Scene::with(|settings| settings.messages_per_client = budget);
    scene.witness.plays = false;
    let beyond_a_poll = scene.host.refusals(PacketRefusal::PollBudget);
    let mut client = scene.join(1);
    let frame = ClientFrame::default().seal();
    let (mut sent, most_under_way) = (0, 200);
    scene.until("some is cut off", &mut [], |scene, _| {
        let cut_off = scene.host.refusals(PacketRefusal::SessionBudget);
        let taken = scene.host.frames.get(&ClientId(1)).copied().unwrap_or_default();
        // Ahead of a host that lags, it would send more bytes than anybody who plays, which is a breach.
        if sent < taken + cut_off + scene.host.refusals(PacketRefusal::PollBudget) - beyond_a_poll + most_under_way {
            (0..50).for_each(|_| client.send_payload(&frame));
            sent += 50;
        }
        cut_off >= 50
    });
    assert!(scene.host.disconnected.is_empty(), "it is no breach: they may have been late");
    scene.assert_serves();
    let taken = scene.host.frames[&ClientId(1)] + scene.host.refusals(PacketRefusal::PollBudget) - beyond_a_poll;
    assert_eq!(taken, 2_000, "all of its budget, and no more");
}
