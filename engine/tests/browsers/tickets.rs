//! The first message of a WebSocket.

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport};

use super::client::Client;
use super::scene::{DEADLINE, Scene, now, ticket};

#[test]
fn the_ticket_is_handed_over_as_it_came() {
    let mut scene = Scene::new();
    let mut client = scene.join(7);
    assert_eq!(scene.host.connected.last(), Some(&(ClientId(7), ticket(7))));
    scene.assert_plays(&mut client);
}

#[test]
fn what_is_no_ticket_is_refused() {
    let mut scene = Scene::new();
    let mut cut = ticket(1);
    cut.truncate(40);
    let mut long = ticket(1);
    long.resize(201, 0);
    for (count, first) in (1..).zip([cut, long, vec![7]]) {
        let mut client = Client::silent(scene.address());
        client.send_first(&first);
        scene.until_closed(&mut client, 1_008);
        scene.until_refused(PacketRefusal::NoTicket, count);
    }
    assert_eq!(scene.host.connected.len(), 1, "the host heard of the witness alone");
    scene.assert_serves();
}

#[test]
fn an_id_that_is_connected_is_refused_and_free_again_after_its_end() {
    let mut scene = Scene::new();
    let mut first = scene.join(7);
    let mut second = Client::new(scene.address(), &ticket(7));
    scene.until_closed(&mut second, 1_008);
    scene.until_refused(PacketRefusal::DuplicateSession, 1);
    scene.assert_plays(&mut first);
    scene.host.transport.disconnect(ClientId(7));
    scene.until_closed(&mut first, 1_000);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(7)]);
    let mut third = scene.join(7);
    scene.assert_plays(&mut third);
}

#[test]
fn a_full_server_says_so() {
    let mut scene = Scene::with(|settings| settings.max_clients = 2);
    let first = scene.join(1);
    let mut second = Client::new(scene.address(), &ticket(2));
    scene.until_closed(&mut second, 1_013);
    scene.until_refused(PacketRefusal::ServerFull, 1);
    drop(first);
    scene.until("there is room again", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    let mut third = scene.join(3);
    scene.assert_plays(&mut third);
}

#[test]
fn at_the_end_everybody_is_told() {
    let mut scene = Scene::new();
    let mut other = scene.join(7);
    for id in [200, 7] {
        scene.host.transport.send_message(ClientId(id), b"goodbye".to_vec());
    }
    scene.host.transport.flush();
    let Scene { host, mut witness } = scene;
    let ending = std::thread::spawn(move || drop(host));
    // The witness answers last, and is waited for.
    let started = now();
    for client in [&mut other, &mut witness] {
        while client.closed.is_none() {
            assert!(now() - started < DEADLINE, "never closed");
            client.pump();
            std::thread::yield_now();
        }
    }
    ending.join().unwrap();
    for client in [other, witness] {
        assert_eq!((client.closed, client.messages.last()), (Some(1_000), Some(&b"goodbye".to_vec())));
    }
}
