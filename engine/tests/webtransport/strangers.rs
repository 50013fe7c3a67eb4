//! Who connects and shows no ticket.

use std::net::UdpSocket;
use std::time::Duration;

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Rate, StrangerLimits};
use realmgate_protocol::wire::datagram::VERSION;
use realmgate_protocol::wire::http3;
use tokio::time::timeout;
use wtransport::Connection;
use wtransport::error::ConnectionError;

use super::client::{Client, ask, insistent, runtime};
use super::raw::Raw;
use super::scene::{DEADLINE, Scene};

const NO_RATE: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

/// The first packet of a QUIC connection that comes to nothing: sealed with the keys that everybody knows, which these
/// bytes are not. Its address may be anybody's.
fn garbage(number: u16) -> Vec<u8> {
    let mut packet = vec![0xc3, 0, 0, 0, 1, 8];
    packet.extend([number.to_le_bytes(), [7; 2], [9; 2], [1; 2]].concat());
    packet.extend([0, 0, 0x44, 0x60]);
    packet.resize(1_200, 0x55);
    packet
}

#[test]
fn garbage_changes_nothing() {
    let mut scene = Scene::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..2_000 {
        for bytes in [&garbage(number)[..], &garbage(number)[..100], &[number as u8; 40], &[]] {
            let _ = socket.send_to(bytes, scene.address());
        }
        if number % 100 == 0 {
            scene.assert_serves();
        }
    }
    let mut client = scene.join(1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
}

#[test]
fn who_says_nothing_is_closed_in_time() {
    let mut scene = Scene::new();
    let mut without_stream = Raw::connect(scene.address());
    without_stream.say(&http3::request("127.0.0.1", "/play"));
    assert_eq!(without_stream.answer(0), Some(200));
    // It says again and again that it is there.
    let without_request = Raw::connect_on(runtime(), scene.address(), insistent());
    let mut without_ticket = Client::silent(scene.address());
    scene.until("the stream is missed", &mut [&mut without_ticket], |scene, _| {
        without_stream.give_a_turn();
        without_request.give_a_turn();
        scene.host.refusals(PacketRefusal::NoTicket) >= 1
    });
    assert_eq!(without_stream.rest(0), http3::close_session(1_008), "what a browser shows to its page");
    assert_eq!(without_stream.closed_with(), 1_008);
    scene.until_closed(&mut without_ticket, 1_008);
    scene.until("the request is missed", &mut [], |scene, _| {
        without_request.give_a_turn();
        scene.host.refusals(PacketRefusal::Upgrade) == 1
    });
    assert_eq!(without_request.closed_with(), 1_008);
    assert_eq!(scene.host.refusals(PacketRefusal::NoTicket), 2);
    scene.assert_serves();
}

#[test]
fn one_source_has_so_many_at_once_and_in_a_while() {
    let limits = StrangerLimits {
        most_of_source: 20,
        rate_of_source: Rate { per_second: 0, burst: 31 },
        ..StrangerLimits::default()
    };
    let mut scene = Scene::with(|settings| settings.strangers = limits);
    let (address, runtime) = (scene.address(), runtime());
    // The witness was the first of the 31, and is no stranger any more.
    let first: Vec<Connection> = (0..20).map(|_| runtime.block_on(ask(address, "/play", None)).unwrap()).collect();
    let more = || {
        let asked = async { timeout(Duration::from_millis(300), ask(address, "/play", None)).await };
        runtime.block_on(asked).is_ok_and(|answer| answer.is_ok())
    };
    assert!(!more(), "the twenty-first at once");
    assert!(scene.host.refusals(PacketRefusal::SourceBudget) >= 1);
    drop(first);
    scene.until("they are gone", &mut [], |scene, _| scene.host.refusals(PacketRefusal::NoTicket) == 20);
    let taken = (0..10).filter(|_| more()).count();
    assert!((1..10).contains(&taken), "the rest of the 31, of which those that came in vain were some: {taken}");
    scene.assert_serves();
}

#[test]
fn a_flood_keeps_nobody_out_and_has_to_prove_its_addresses() {
    let limits = StrangerLimits { most: 32, most_of_source: 1_000, rate_of_source: NO_RATE, rate: NO_RATE };
    let mut scene = Scene::with(|settings| settings.strangers = limits);
    let (address, runtime) = (scene.address(), runtime());
    assert_eq!(scene.host.refusals(PacketRefusal::AddressUnproven), 0, "the witness came alone");
    let flood: Vec<Connection> = (0..80).map(|_| runtime.block_on(ask(address, "/play", None)).unwrap()).collect();
    let mut client = scene.join(1);
    scene.assert_plays(&mut client);
    scene.assert_serves();
    assert!(scene.host.refusals(PacketRefusal::PendingFull) >= 48, "the oldest made way");
    assert!(scene.host.refusals(PacketRefusal::AddressUnproven) >= 79, "from the second on");
    for gone in &flood[..48] {
        let ended = runtime.block_on(async { timeout(DEADLINE, gone.closed()).await });
        assert!(matches!(ended, Ok(ConnectionError::ApplicationClosed(_))), "{ended:?}");
    }
}

#[test]
fn who_sends_more_than_anybody_who_plays_is_disconnected_whatever_it_is() {
    let mut scene = Scene::new();
    let client = scene.join(1);
    // Its first message, a thousand bytes long, again and again: that breaks no other rule.
    let mut payload = vec![VERSION, 16, 1, 0, 0, 0xe8, 3];
    payload.resize(7 + 1_000, 7);
    scene.until("it is out", &mut [], |scene, _| {
        for _ in 0..20 {
            let _ = client.connection.send_datagram(&payload);
        }
        client.give_a_turn();
        !scene.host.disconnected.is_empty()
    });
    assert_eq!(scene.host.disconnected, [ClientId(1)]);
    assert_eq!(scene.host.refusals(PacketRefusal::Abuse), 1);
    scene.assert_serves();
}
