//! Many tokens that are shown but never connect: they keep nobody out.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_engine::netcode::peer::{Peer, Said};
use realmgate_engine::transport::refusal::PacketRefusal;

use crate::lane::{EXPIRES_S, Event, Lane, address, peer};

/// Number of addresses of the strangers, few compared with the tokens they show.
const ADDRESSES: u64 = 60;
/// More handshakes than may be pending at once.
const MANY: u64 = 5_000;
/// Most handshakes that are pending at once.
const MOST_PENDING: u64 = 4_096;

/// The address of the stranger that shows this token: 60 addresses, and a port for each token.
fn stranger(number: u64) -> SocketAddr {
    SocketAddr::from(([10, 9, 0, (number % ADDRESSES) as u8], 1_024 + (number / ADDRESSES) as u16))
}

/// Shows tokens, each of which gets a challenge, without answering the challenges.
fn show(lane: &mut Lane, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(lane.receive(&peer(number).request(), stranger(number)), Ok(Event::Answered), "token {number}");
        lane.sent.clear();
    }
}

/// Connects, or says why it cannot.
fn connect(lane: &mut Lane, client: &mut Peer, from: SocketAddr) -> Result<Event, PacketRefusal> {
    lane.receive(&client.request(), from)?;
    assert_eq!(lane.heard_by(client), [Said::Challenge]);
    lane.receive(&client.response().expect("it was challenged"), from)
}

#[test]
fn seventy_thousand_shown_tokens_keep_out_neither_newcomers_nor_travellers() {
    let mut lane = Lane::new(100_000);
    let (mut player, slot) = lane.join(1, address(1));
    for wave in 0..5 {
        show(&mut lane, 100 + wave * 14_000..100 + (wave + 1) * 14_000);
        lane.now += Duration::from_secs(5);
        assert_eq!(lane.receive(&player.keep_alive(), address(1)), Ok(Event::Heard { slot }), "it is not silent");
        lane.sent.clear();
    }
    assert!(lane.now < Duration::from_secs(EXPIRES_S - 1_000), "none of them has expired");

    let newcomer = connect(&mut lane, &mut peer(2), address(2));
    assert!(matches!(newcomer, Ok(Event::Connected { client_id: 2, .. })), "{newcomer:?}");
    // A traveller's next connection is a handshake like any other, from another port of its own.
    let traveller = connect(&mut lane, &mut peer(3), address(3));
    assert!(matches!(traveller, Ok(Event::Connected { client_id: 3, .. })), "{traveller:?}");
    assert_eq!(lane.receive(&player.disconnect(), address(1)), Ok(Event::Disconnected { slot }));
}

#[test]
fn a_newcomer_gets_in_while_every_place_for_handshakes_is_taken() {
    let mut lane = Lane::new(100_000);
    show(&mut lane, 100..100 + MANY);
    assert_eq!(lane.server.take_pushed_out(), MANY - MOST_PENDING, "every place is taken");
    let newcomer = connect(&mut lane, &mut peer(2), address(2));
    assert!(matches!(newcomer, Ok(Event::Connected { client_id: 2, .. })), "{newcomer:?}");
    assert_eq!(lane.server.take_pushed_out(), 1, "the oldest of the others made way");
    assert_eq!(lane.server.take_pushed_out(), 0, "told once");
}

#[test]
fn who_was_pushed_out_begins_again_with_the_same_token() {
    let mut lane = Lane::new(100_000);
    let mut client = peer(1);
    lane.receive(&client.request(), address(1)).unwrap();
    assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
    show(&mut lane, 100..100 + MANY);
    let late = lane.receive(&client.response().unwrap(), address(1));
    assert_eq!(late, Err(PacketRefusal::UnknownAddress), "its challenge is worth nothing any more");
    let again = connect(&mut lane, &mut client, address(1));
    assert!(matches!(again, Ok(Event::Connected { client_id: 1, .. })), "{again:?}");
}
