//! The way from a first packet to a session, and what a session needs of HTTP/3.

use std::net::SocketAddr;
use std::sync::Arc;

use quinn::ClientConfig;
use quinn::crypto::rustls::QuicClientConfig;
use realmgate_engine::transport::ClientId;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::wire::datagram::VERSION;
use realmgate_protocol::wire::http3;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio_rustls::rustls::crypto::SupportedKxGroup;
use tokio_rustls::rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use tokio_rustls::rustls::{self, RootCertStore};

use super::client::{certificate, quic_config, runtime};
use super::raw::Raw;
use super::scene::{Scene, ticket};

/// A reliable message of one byte, the first or second of its client.
fn message(number: u8) -> [u8; 8] {
    [VERSION, 16, 1, number, 0, 1, 0, number]
}

/// A client that has sent all at once that it needs to play, and plays.
fn playing() -> (Scene, Raw) {
    let mut scene = Scene::new();
    let mut client = Raw::connect(scene.address());
    client.enter(&ticket(1));
    client.send_payload(&message(0));
    scene.until("it plays", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.messages.contains(&vec![0])
    });
    (scene, client)
}

#[test]
fn request_stream_and_ticket_may_come_at_once() {
    let (mut scene, mut client) = playing();
    assert_eq!(client.answer(0), Some(200));
    assert_eq!(client.datagram()[0], http3::datagram_header());
    scene.assert_serves();
}

#[test]
fn a_session_follows_its_client_to_another_address() {
    let (mut scene, mut client) = playing();
    client.move_away();
    client.send_payload(&message(1));
    scene.until("it is heard from there", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.messages.contains(&vec![1])
    });
    let until_now = client.connection.stats().udp_rx.datagrams;
    scene.until("it hears of what comes after", &mut [], |_, _| {
        client.give_a_turn();
        client.connection.stats().udp_rx.datagrams > until_now + 20
    });
    assert!(scene.host.disconnected.is_empty());
    scene.assert_serves();
}

#[test]
fn what_is_unknown_is_skipped_and_what_has_no_place_closes_the_connection() {
    let mut scene = Scene::new();
    let mut client = Raw::connect(scene.address());
    // QPACK's two streams, one that means nothing, and frames that mean nothing before the request.
    client.mention(&[2]);
    client.mention(&[3]);
    // More than may come unread.
    client.mention(&[&[0x40, 0x21][..], &[7; 5_000]].concat());
    client.say(&[&[0x21, 2, 7, 7][..], &http3::request("127.0.0.1", "/play")].concat());
    assert_eq!(client.answer(0), Some(200));
    for (bytes, code) in
        [(&[0x00, 1, 7][..], 0x105), (&[0x01, 1, 7], 0x200), (&[0x01, 0xc0, 0, 0, 1, 0, 0, 0, 0], 0x107)]
    {
        let mut client = Raw::connect(scene.address());
        client.say(bytes);
        assert_eq!(client.closed_with(), code, "{bytes:x?}");
    }
    scene.until_refused(PacketRefusal::Upgrade, 3);
    scene.assert_serves();
}

#[test]
fn who_is_refused_is_answered_and_then_closed() {
    let mut scene = Scene::new();
    let mut client = Raw::connect(scene.address());
    client.say(&http3::request("127.0.0.1", "/elsewhere"));
    assert_eq!(client.answer(0), Some(404));
    assert_eq!(client.closed_with(), u64::from(http3::NO_ERROR));
    scene.until_refused(PacketRefusal::Upgrade, 1);
    scene.assert_serves();
}

#[test]
fn a_session_ends_with_its_request() {
    let mut scene = Scene::new();
    let mut client = Raw::connect(scene.address());
    client.enter(&ticket(1));
    scene.until("it is in", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.connected.iter().any(|(client, _)| *client == ClientId(1))
    });
    client.finish(0);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected == [ClientId(1)]);
    assert_eq!(client.closed_with(), u64::from(http3::NO_ERROR));
    scene.assert_serves();
}

/// A client whose packets this passes on, which is told the server's address and has the socket that the client knows as the server.
fn connect_over<Line: Future<Output = ()> + Send + 'static>(
    scene: &Scene,
    pass: impl FnOnce(SocketAddr, UdpSocket) -> Line,
    config: ClientConfig,
) -> Raw {
    let runtime = runtime();
    let line = runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
    let address = line.local_addr().unwrap();
    runtime.spawn(pass(scene.address(), line));
    Raw::connect_on(runtime, address, config)
}

/// Passes packets on between a client and the server. The client's second one waits for the server to have seen the first.
async fn second_packet_late(server: SocketAddr, line: UdpSocket) {
    let beyond = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    beyond.connect(server).await.unwrap();
    let (mut packet, mut answer) = ([0; 2_048], [0; 2_048]);
    let (bytes, client) = line.recv_from(&mut packet).await.unwrap();
    beyond.send(&packet[..bytes]).await.unwrap();
    let answered = beyond.recv(&mut answer).await.unwrap();
    line.send_to(&answer[..answered], client).await.unwrap();
    loop {
        tokio::select! {
            Ok((bytes, _)) = line.recv_from(&mut packet) => drop(beyond.send(&packet[..bytes]).await),
            Ok(bytes) = beyond.recv(&mut answer) => drop(line.send_to(&answer[..bytes], client).await),
        }
    }
}

/// Passes packets on between a client and the server. Keeps the client's handshake packets until it is told to send them, and drops
/// what the client sends after that.
async fn end_late(server: SocketAddr, line: UdpSocket, mut is_due: oneshot::Receiver<()>) {
    let beyond = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    beyond.connect(server).await.unwrap();
    let (mut packet, mut answer, mut held) = ([0; 2_048], [0; 2_048], Some(Vec::new()));
    let (bytes, client) = line.recv_from(&mut packet).await.unwrap();
    beyond.send(&packet[..bytes]).await.unwrap();
    loop {
        tokio::select! {
            // What the client has sent by the time that it is due goes first.
            biased;
            Ok((bytes, _)) = line.recv_from(&mut packet) => match &mut held {
                // Packets of a handshake have long headers.
                Some(held) if packet[0] & 0x80 != 0 => held.push(packet[..bytes].to_vec()),
                Some(_) => drop(beyond.send(&packet[..bytes]).await),
                None => {}
            },
            Ok(bytes) = beyond.recv(&mut answer) => drop(line.send_to(&answer[..bytes], client).await),
            _ = &mut is_due, if held.is_some() => {
                for packet in held.take().unwrap_or_default() {
                    beyond.send(&packet).await.unwrap();
                }
            }
        }
    }
}

#[test]
fn what_overtakes_the_end_of_the_handshake_is_heard_after_it() {
    let mut scene = Scene::new();
    let (tell_due, is_due) = oneshot::channel();
    let mut client = connect_over(&scene, |server, line| end_late(server, line, is_due), quic_config());
    client.enter(&ticket(1));
    scene.until("it has asked and shown its ticket", &mut [], |_, _| {
        client.give_a_turn();
        client.connection.stats().frame_tx.stream >= 3
    });
    tell_due.send(()).unwrap();
    assert_eq!(client.answer(0), Some(200));
    scene.until("its ticket is there", &mut [], |scene, _| {
        scene.host.connected.iter().any(|(client, _)| *client == ClientId(1))
    });
    scene.assert_serves();
}

/// A client that offers a key of this kind. With that of a newer cipher its first message is too long for one packet, as a browser's is.
fn offering(key: &'static dyn SupportedKxGroup) -> ClientConfig {
    let mut provider = default_provider();
    provider.kx_groups = vec![key];
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![http3::ALPN.to_vec()];
    ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

/// Passes packets on between a client and the server. Of what the server sends only the first packet arrives.
async fn one_answer(server: SocketAddr, line: UdpSocket) {
    let beyond = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    beyond.connect(server).await.unwrap();
    let (mut packet, mut answer, mut is_answered) = ([0; 2_048], [0; 2_048], false);
    let (bytes, client) = line.recv_from(&mut packet).await.unwrap();
    beyond.send(&packet[..bytes]).await.unwrap();
    loop {
        tokio::select! {
            Ok((bytes, _)) = line.recv_from(&mut packet) => drop(beyond.send(&packet[..bytes]).await),
            Ok(bytes) = beyond.recv(&mut answer), if !is_answered => {
                line.send_to(&answer[..bytes], client).await.unwrap();
                is_answered = true;
            }
        }
    }
}

#[test]
fn settings_are_in_the_packet_that_answers_a_first_message() {
    let scene = Scene::new();
    let client = connect_over(&scene, one_answer, offering(kx_group::X25519));
    assert_eq!(client.mentioned(http3::control_stream().len()), http3::control_stream());
}

#[test]
fn settings_come_though_the_first_message_comes_in_two_packets() {
    let mut scene = Scene::new();
    // A browser asks for nothing before it has them.
    let mut client = connect_over(&scene, second_packet_late, offering(kx_group::X25519MLKEM768));
    assert_eq!(client.mentioned(http3::control_stream().len()), http3::control_stream());
    client.enter(&ticket(1));
    assert_eq!(client.answer(0), Some(200));
    scene.assert_serves();
}
