//! What only a WebTransport session has: a request, a stream of its own, and payloads that fit into no datagram.

use std::sync::Arc;
use std::time::Duration;

use realmgate_engine::transport::ClientId;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::webtransport::SelfMadeCertificate;
use realmgate_protocol::wire::datagram::VERSION;
use wtransport::Endpoint;
use wtransport::error::ConnectingError;
use wtransport::tls::{Sha256Digest, Sha256DigestFmt};

use super::client::{Client, Settings, Wire, ask, runtime, settings, trusting};
use super::scene::{Scene, now, ticket};

#[test]
fn pages_of_other_origins_and_other_paths_are_refused() {
    let mut scene = Scene::with(|settings| {
        settings.allows_origin = Arc::new(|origin, host| {
            origin == "https://play.example" && host.is_some_and(|host| host.starts_with("127.0.0.1:"))
        });
    });
    let (address, runtime) = (scene.address(), runtime());
    let is_taken = |path, origin| match runtime.block_on(ask(address, path, origin)) {
        Ok(_) => true,
        Err(ConnectingError::SessionRejected) => false,
        Err(error) => panic!("{error}"),
    };
    assert!(is_taken("/play?x=1", Some("https://play.example")));
    assert!(!is_taken("/play", Some("https://evil.example")) && !is_taken("/play", Some("null")));
    scene.until_refused(PacketRefusal::Origin, 2);
    assert!(!is_taken("/", None) && !is_taken("/play/x", None));
    scene.until_refused(PacketRefusal::Upgrade, 2);
    scene.assert_serves();
}

#[test]
fn payloads_come_as_datagrams_and_those_that_are_too_long_for_one_on_the_stream() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    scene.until("some have come", &mut [&mut client], |_, clients| clients[0].frames > 20);
    let [datagrams, on_the_stream] = client.came;
    assert!(datagrams > 20 && on_the_stream == 0, "snapshots of 1,000 bytes: {:?}", client.came);
    scene.host.frame_bytes = 1_150;
    let mut narrow = Client::with_short_datagrams(scene.address(), &ticket(2));
    scene.until("long ones have come", &mut [&mut narrow], |_, clients| clients[0].frames > 20);
    assert!(narrow.came[1] > 20, "of datagrams and on the stream: {:?}", narrow.came);
    scene.host.frame_bytes = 1_000;
    scene.assert_plays(&mut narrow);
    scene.assert_serves();
}

#[test]
fn both_carry_what_a_client_sends() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    // A message of one byte, first of all on the stream; the second as a datagram.
    client.send_on_stream(&[VERSION, 16, 1, 0, 0, 1, 0, 7]);
    scene.until("it has come", &mut [], |scene, _| scene.host.messages.contains(&vec![7]));
    client.send_payload(&[VERSION, 16, 1, 1, 0, 1, 0, 8]);
    scene.until("the second too", &mut [], |scene, _| scene.host.messages.contains(&vec![8]));
    scene.assert_serves();
}

#[test]
fn a_datagram_longer_than_any_payload_is_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    scene.until("the way is known to be wide", &mut [&mut client], |_, clients| {
        clients[0].connection.max_datagram_size().is_some_and(|most| most > 1_300)
    });
    client.connection.send_datagram([VERSION; 1_300]).unwrap();
    scene.until("it is refused", &mut [&mut client], |scene, _| scene.host.refusals(PacketRefusal::Payload) == 1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn a_datagram_of_another_session_is_refused() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.connection.quic_connection().send_datagram(vec![9_u8, 7].into()).unwrap();
    scene.until("it is refused", &mut [&mut client], |scene, _| scene.host.refusals(PacketRefusal::Payload) == 1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn a_certificate_that_was_made_again_is_shown_to_newcomers() {
    let certificate = SelfMadeCertificate::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let settings = settings("127.0.0.1:0".parse().unwrap());
    let settings = Settings { tls: certificate.server_config().unwrap(), ..settings };
    let server = Wire::bind(settings).unwrap();
    let (url, runtime) = (server.url([127, 0, 0, 1].into()), runtime());
    let connect = |digits: &str| {
        let digits: Vec<String> = digits.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).into()).collect();
        let digest = Sha256Digest::from_str_fmt(digits.join(":"), Sha256DigestFmt::DottedHex).unwrap();
        runtime.block_on(async { Endpoint::client(trusting(digest)).unwrap().connect(&url).await })
    };
    let first = certificate.sha256();
    let early = connect(&first).unwrap();
    certificate.renew().unwrap();
    let second = certificate.sha256();
    assert_ne!(first, second);
    assert!(connect(&first).is_err(), "it is not shown any more");
    assert!(connect(&second).is_ok());
    assert!(runtime.block_on(async { early.open_bi().await.is_ok() }), "who is connected stays");
}

#[test]
fn a_client_may_leave_by_the_stream_or_by_closing() {
    let mut scene = Scene::new();
    let (mut first, second) = (scene.join(1), scene.join(2));
    first.send_raw(&[0, 0]);
    scene.until("the host heard of it", &mut [&mut first], |scene, _| scene.host.disconnected == [ClientId(1)]);
    let closed_at = now();
    second.close();
    scene.until("and of the other", &mut [], |scene, _| scene.host.disconnected == [ClientId(1), ClientId(2)]);
    assert!(now() - closed_at < Duration::from_secs(5), "of its silence it would hear after ten seconds");
    scene.assert_serves();
}

#[test]
fn a_message_that_never_ends_is_silence_and_delays_nobody() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.plays = false;
    // The length of a message, 1,024 bytes, and then so few of them that it is not whole before the client is gone.
    client.send_raw(&[0x00, 0x04]);
    for byte in 0..10 {
        client.send_raw(&[byte]);
        scene.assert_serves();
    }
    assert!(scene.host.disconnected.is_empty(), "ten answers came before it was silent for too long");
    scene.until("it is gone", &mut [&mut client], |scene, clients| {
        // Twenty rounds take a tenth of a second or longer.
        if scene.host.ticks % 20 == 0 {
            clients[0].send_raw(&[0]);
        }
        scene.host.disconnected == [ClientId(1)]
    });
    scene.until_closed(&mut client, 1_008);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 0, "it was no breach");
    scene.assert_serves();
}
