//! Messages that only a WebSocket has.

use std::io::Write;

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Rate};
use tokio_tungstenite::tungstenite::Message;

use super::client::Client;
use super::scene::{Scene, ticket};

#[test]
fn a_text_is_refused_and_many_end_it() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.send(Message::Text("hello".into()));
    scene.until_refused(PacketRefusal::Text, 1);
    scene.assert_plays(&mut client);
    (0..25).for_each(|_| client.send(Message::Text("hello".into())));
    scene.until_closed(&mut client, 1_008);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
    assert_eq!(scene.host.refusals(PacketRefusal::Text), 20, "after the twentieth nobody listens");
    scene.assert_serves();
}

#[test]
fn pings_count_as_payloads() {
    let budget = Rate { per_second: 0, burst: 2_000 };
    let mut scene = Scene::with(|settings| settings.messages_per_client = budget);
    scene.witness.plays = false;
    let mut client = scene.join(1);
    // Pings are all that it sends from now on.
    client.plays = false;
    scene.until("some is cut off", &mut [&mut client], |scene, clients| {
        (0..50).for_each(|_| clients[0].send(Message::Ping(Vec::new().into())));
        scene.host.refusals(PacketRefusal::SessionBudget) >= 50
    });
    assert!(scene.host.disconnected.is_empty(), "it is no breach: they may have been late");
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
    stream.write_all(&empty_parts).unwrap();
    scene.assert_serves();
    assert!(scene.host.disconnected.is_empty(), "an answer came before it was silent for too long");
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

#[test]
fn nothing_and_a_text_are_no_tickets() {
    let mut scene = Scene::new();
    let mut text = ticket(1);
    // Without its MAC it is ASCII, and as a payload it would claim to be a client's.
    text.truncate(text.len() - 32);
    let text = String::from_utf8(text).unwrap();
    for (count, first) in (1..).zip([Message::Binary(Vec::new().into()), Message::Text(text.into())]) {
        let mut client = Client::silent(scene.address());
        client.send(first);
        scene.until_closed(&mut client, 1_008);
        scene.until_refused(PacketRefusal::NoTicket, count);
    }
    assert_eq!(scene.host.connected.len(), 1, "the host heard of the witness alone");
}

#[test]
fn a_stranger_that_only_pings_is_disconnected() {
    let mut scene = Scene::new();
    let mut client = Client::silent(scene.address());
    for _ in 0..5 {
        client.send(Message::Ping(Vec::new().into()));
    }
    scene.until_closed(&mut client, 1_008);
    scene.until_refused(PacketRefusal::NoTicket, 1);
}
