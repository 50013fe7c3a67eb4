//! Raw datagrams: what reaches the server without any key.

use std::net::UdpSocket;
use std::time::Duration;

use realmgate_engine::transport::Rate;
use realmgate_engine::transport::refusal::PacketRefusal;

use super::client::{Client, KEEP_ALIVE, UdpRequest, now};
use super::scene::Scene;

const RESPONSE: u8 = 3;
const PAYLOAD: u8 = 5;
const GOODBYE: u8 = 6;

#[test]
fn sequence_lengths_of_9_to_15_bytes_are_refused() {
    let mut scene = Scene::new();
    let mut sent = 0;
    for nibble in 9..=15u8 {
        for bytes in [18, 25, 40, 1_225] {
            let mut datagram = vec![0; bytes];
            datagram[0] = nibble << 4 | PAYLOAD;
            // From the address of a connected client: stock renetcode indexes out of bounds here.
            scene.witness.send_raw(&datagram);
            sent += 1;
        }
    }
    scene.until_refused(PacketRefusal::SequenceLength, sent);
    scene.assert_serves();
}

#[test]
fn a_datagram_shorter_than_its_mac_is_refused() {
    let mut scene = Scene::new();
    let mut datagram = [0; 18];
    datagram[0] = 8 << 4 | PAYLOAD;
    scene.witness.send_raw(&datagram);
    scene.witness.send_raw(&datagram[..1]);
    scene.witness.send_raw(&[]);
    // A goodbye is its prefix, its number, here of eight bytes, and its MAC. The number is none that has come.
    let mut goodbye = [0; 1 + 8 + 16];
    (goodbye[0], goodbye[6]) = (8 << 4 | GOODBYE, 1);
    scene.witness.send_raw(&goodbye[..24]);
    scene.until_refused(PacketRefusal::Length, 4);
    scene.witness.send_raw(&goodbye);
    scene.until_refused(PacketRefusal::Netcode, 1);
    assert_eq!(scene.host.refusals(PacketRefusal::Length), 4, "that one has room for its MAC");
    scene.assert_serves();
}

#[test]
fn a_sequence_number_that_would_overflow_is_refused() {
    let mut scene = Scene::new();
    let mut datagram = [0xff; 60];
    datagram[0] = 8 << 4 | PAYLOAD;
    scene.witness.send_raw(&datagram);
    scene.until_refused(PacketRefusal::Sequence, 1);
    scene.assert_serves();
}

#[test]
fn a_pending_address_is_no_way_around_the_checks() {
    let mut scene = Scene::new();
    // Loses the challenge, so it stays pending.
    let mut pending = Client::new(scene.host.invite(1));
    pending.pump();
    scene.until("the request is answered", &mut [], |_, _| pending.receive_raw().is_some());
    for first in [9 << 4 | RESPONSE, 8 << 4 | RESPONSE, 8 << 4 | PAYLOAD] {
        let mut datagram = [0; 18];
        datagram[0] = first;
        pending.send_raw(&datagram);
    }
    // The form of a response, and nothing in it.
    let mut response = [0; 1 + 1 + 308 + 16];
    response[0] = 1 << 4 | RESPONSE;
    pending.send_raw(&response);
    let mut payload = [0; 60];
    payload[0] = 1 << 4 | PAYLOAD;
    pending.send_raw(&payload);
    scene.until_refused(PacketRefusal::UnknownAddress, 1);
    assert_eq!(scene.host.refusals(PacketRefusal::SequenceLength), 1);
    assert_eq!(scene.host.refusals(PacketRefusal::Length), 2);
    assert_eq!(scene.host.refusals(PacketRefusal::Netcode), 1);
    assert_eq!(scene.host.connected.len(), 1, "only the witness");
    scene.assert_serves();
}

#[test]
fn a_request_does_not_keep_a_dead_session_alive() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let mut token = scene.host.token(&ticket);
    token.timeout_s = 1;
    let mut client = Client::new(token.seal());
    scene.until("the client plays", &mut [&mut client], |_, clients| clients[0].frames > 0);

    // From now on only packets of type 0 come from its address, which stock renetcode takes for a sign of life.
    let (silent_since, request) = (now(), [0; 1_078]);
    scene.until("the session times out", &mut [], |scene, _| {
        client.send_raw(&request);
        !scene.host.disconnected.is_empty()
    });
    let lasted = now() - silent_since;
    assert!(lasted >= Duration::from_millis(900), "timed out after {lasted:?}, a second was due");
    assert!(scene.host.refusals(PacketRefusal::HandshakeWhileConnected) > 10);
    scene.assert_serves();
}

#[test]
fn forged_datagrams_in_a_clients_name_do_it_no_harm() {
    let mut scene = Scene::new();
    // Anybody who knows a player's address can send these: they must not count against the player.
    for number in 0..100u8 {
        let mut payload = [number; 60];
        payload[0] = 1 << 4 | PAYLOAD;
        scene.witness.send_raw(&payload);
        let mut goodbye = [number; 18];
        goodbye[0] = 1 << 4 | GOODBYE;
        scene.witness.send_raw(&goodbye);
    }
    // The witness has sent some of these numbers itself by now.
    let refused =
        |scene: &Scene| scene.host.refusals(PacketRefusal::Netcode) + scene.host.refusals(PacketRefusal::Replayed);
    scene.until("all are refused", &mut [], |scene, _| refused(scene) >= 200);
    scene.assert_serves();
    assert_eq!(refused(&scene), 200, "but nothing that the witness sends: its numbers are not used up");
    assert!(scene.host.disconnected.is_empty());
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 0, "none of them is a breach of the player's");
}

#[test]
fn strangers_get_nothing_but_a_handshake() {
    let mut scene = Scene::new();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |datagram: &[u8]| stranger.send_to(datagram, scene.host.transport.local_address()).unwrap();
    // What only those send who are known.
    for (kind, body) in [(RESPONSE, 308), (KEEP_ALIVE, 8), (PAYLOAD, 42), (GOODBYE, 0)] {
        let mut datagram = vec![7; 1 + 1 + body + 16];
        datagram[0] = 1 << 4 | kind;
        send(&datagram);
    }
    send(&[7; 1_400]);
    send(&[0; 1_077]);
    send(&[0; 1_079]);
    send(&[0; 3_000]);
    let mut denied = [0; 18];
    denied[0] = 1 << 4 | 1;
    send(&denied);
    // The form of a request, and nothing in it.
    send(&[0; 1_078]);
    scene.until_refused(PacketRefusal::Netcode, 1);
    assert_eq!(scene.host.refusals(PacketRefusal::UnknownAddress), 4);
    assert_eq!(scene.host.refusals(PacketRefusal::PacketType), 2);
    assert_eq!(scene.host.refusals(PacketRefusal::Length), 3);
    // Whatever is sent is sent before the refusal is counted.
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 2_048]).is_err(), "nobody is answered");

    let request = UdpRequest::of(&stranger, scene.host.invite(1));
    request.send(&stranger);
    scene.until("a genuine request gets a challenge", &mut [], |_, _| request.is_answered(&stranger));
    scene.assert_serves();
    assert!(stranger.recv(&mut [0; 2_048]).is_err(), "and nothing else");
    assert_eq!(scene.host.connected.len(), 1, "only the witness");
}

#[test]
fn a_flood_of_requests_is_cut_off_before_any_cryptography() {
    let mut scene = Scene::with(|settings| settings.handshakes_per_source = Rate { per_second: 1, burst: 20 });
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let started = now();
    scene.until("the flood is cut off", &mut [], |scene, _| {
        for _ in 0..50 {
            stranger.send_to(&[0; 1_078], scene.host.transport.local_address()).unwrap();
        }
        scene.host.refusals(PacketRefusal::SourceBudget) >= 450
    });
    let looked_at = scene.host.refusals(PacketRefusal::Netcode);
    assert!(looked_at <= 20 + (now() - started).as_secs() + 1, "{looked_at} were looked at");
    scene.assert_serves();
}
