//! What the stream begins with, in the request: clients that wait for its answer anyway play a round trip earlier.

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport};
use realmgate_protocol::wire::datagram::VERSION;
use realmgate_protocol::wire::{framing, http3};

use super::client::{quic_config, runtime, short_datagrams};
use super::raw::Raw;
use super::scene::{Scene, ticket};

/// A payload with the first reliable message of its client, of one byte.
const MESSAGE: [u8; 8] = [VERSION, 16, 1, 0, 0, 1, 0, 7];
/// Longer than the client's datagrams may be.
const LONG_FRAME_BYTES: usize = 1_150;

/// A client that has asked with its ticket and a message, and has opened no stream.
fn playing() -> (Scene, Raw) {
    let mut scene = Scene::new();
    let mut config = quic_config();
    config.transport_config(short_datagrams());
    let mut client = Raw::connect_on(runtime(), scene.address(), config);
    client.ask_with(&[framing::message(&ticket(1)), framing::message(&MESSAGE)].concat());
    assert_eq!(client.answer(0), Some(200));
    scene.until("it is in, and heard", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.players.contains(&ClientId(1)) && scene.host.messages.contains(&vec![7])
    });
    (scene, client)
}

#[test]
fn ticket_and_first_payload_may_come_with_the_request() {
    let (mut scene, mut client) = playing();
    assert_eq!(scene.host.connected.last(), Some(&(ClientId(1), ticket(1))));
    scene.host.pump();
    assert_eq!(client.datagram()[0], http3::datagram_header());
    // What goes on behind that comes on the stream.
    client.open_stream(&framing::message(&[VERSION, 16, 1, 1, 0, 1, 0, 8]));
    scene.until("the stream is heard", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.messages.contains(&vec![8])
    });
    scene.assert_serves();
}

#[test]
fn a_message_may_begin_in_the_request_and_end_on_the_stream() {
    let mut scene = Scene::new();
    let mut client = Raw::connect(scene.address());
    let whole = framing::message(&ticket(1));
    let (beginning, rest) = whole.split_at(50);
    client.ask_with(beginning);
    assert_eq!(client.answer(0), Some(200));
    client.open_stream(rest);
    scene.until("it is in", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.connected.contains(&(ClientId(1), ticket(1)))
    });
    scene.assert_serves();
}

#[test]
fn what_is_too_long_for_a_datagram_waits_for_the_stream() {
    let (mut scene, mut client) = playing();
    scene.host.frame_bytes = LONG_FRAME_BYTES;
    let until = scene.host.ticks + 20;
    scene.until("long ones are due", &mut [], |scene, _| {
        client.give_a_turn();
        scene.host.ticks > until
    });
    client.open_stream(&[]);
    let mut came = Vec::new();
    scene.until("one has come", &mut [], |_, _| {
        came.extend(client.arrived(1));
        came.len() > LONG_FRAME_BYTES
    });
    let length = usize::from(u16::from_le_bytes([came[0], came[1]]));
    assert!(length > LONG_FRAME_BYTES, "a whole payload, not the rest of one: {length}");
    scene.assert_serves();
}

#[test]
fn why_it_ends_is_said_on_the_stream_or_without_one_to_the_page() {
    let (mut scene, mut client) = playing();
    client.open_stream(&[]);
    scene.host.transport.disconnect(ClientId(1));
    scene.host.transport.flush();
    assert_eq!(client.rest(1), framing::end(1_000));

    // The witness has this id. A browser's stream comes a round trip after the answer.
    let refused = |scene: &mut Scene, count| {
        let mut client = Raw::connect(scene.address());
        client.ask_with(&framing::message(&ticket(200)));
        assert_eq!(client.answer(0), Some(200));
        scene.until_refused(PacketRefusal::DuplicateSession, count);
        client
    };
    let mut second = refused(&mut scene, 1);
    second.open_stream(&[]);
    assert_eq!(second.rest(1), framing::end(1_008));
    let mut third = refused(&mut scene, 2);
    assert_eq!(third.rest(0), http3::close_session(1_008));
    scene.assert_serves();
}

#[test]
fn what_cannot_be_read_or_is_longer_than_a_message_is_no_session() {
    let mut scene = Scene::new();
    for path in ["/play?stream=A", "/play?stream=A+/=", &http3::with_stream("/play", &[0; 1_203])] {
        let mut client = Raw::connect(scene.address());
        client.say(&http3::request("127.0.0.1", path));
        assert_eq!(client.answer(0), Some(404), "{path}");
    }
    scene.until_refused(PacketRefusal::Upgrade, 3);
    let mut client = Raw::connect(scene.address());
    client.ask_with(&framing::message(b"no ticket"));
    assert_eq!(client.answer(0), Some(200));
    assert_eq!(client.rest(0), http3::close_session(1_008));
    scene.until_refused(PacketRefusal::NoTicket, 1);
    assert_eq!(scene.host.connected.len(), 1, "the host heard of the witness alone");
    scene.assert_serves();
}
