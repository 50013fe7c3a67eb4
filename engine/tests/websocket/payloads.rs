//! Messages of a client that is connected and breaks the rules.

use std::io::Write;

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Rate};
use realmgate_protocol::wire::datagram::{ClientFrame, VERSION};
use tokio_tungstenite::tungstenite::Message;

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
    client.send(Message::Text("hello".into()));
    scene.until_refused(PacketRefusal::Text, 1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn many_breaches_end_it() {
    for (message, reason) in [
        (Message::Binary(vec![VERSION, 16, 1, 64, 0, 1, 0, 7].into()), PacketRefusal::MessageAhead),
        (Message::Text("hello".into()), PacketRefusal::Text),
    ] {
        let mut scene = Scene::new();
        let mut client = scene.join(1);
        (0..25).for_each(|_| client.send(message.clone()));
        scene.until_closed(&mut client, 1_008);
        scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
        assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
        assert_eq!(scene.host.refusals(reason), 20, "after the twentieth nobody listens");
        scene.assert_serves();
    }
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
fn a_flood_is_cut_to_a_clients_budget_and_pings_count() {
    let budget = Rate { per_second: 0, burst: 2_000 };
    let mut scene = Scene::with(|settings| settings.messages_per_client = budget);
    scene.witness.plays = false;
    let mut client = scene.join(1);
    let frame = ClientFrame::default().seal();
    scene.until("some is cut off", &mut [], |scene, _| {
        for _ in 0..50 {
            client.send_payload(&frame);
            client.send(Message::Ping(Vec::new().into()));
        }
        scene.host.refusals(PacketRefusal::SessionBudget) >= 50
    });
    assert!(scene.host.disconnected.is_empty(), "it is no breach: they may have been late");
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
fn a_message_that_never_ends_is_silence_and_delays_nobody() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // The first part of a message, then empty ones: masked, as a client's are.
    let stream = client.socket.get_mut();
    stream.write_all(&[0x02, 0x80, 0, 0, 0, 0]).unwrap();
    let empty_parts = [0x00, 0x80, 0, 0, 0, 0].repeat(1_000);
    let mut sent = 0;
    scene.until("it is gone", &mut [], |scene, _| {
        // As much as the socket takes, and on from there the next time.
        while let Ok(more) = client.socket.get_mut().write(&empty_parts[sent..]) {
            sent = (sent + more) % empty_parts.len();
        }
        scene.host.disconnected == [ClientId(1)]
    });
    scene.assert_serves();
}
