//! Connected clients: what they may send, when they end.

use std::time::Duration;

use proptest::prelude::*;
use realmgate_engine::netcode::Kind;
use realmgate_engine::netcode::peer::Said;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::netcode::PrivateToken;

use crate::lane::{Event, Lane, address, peer, peer_with, token};

#[test]
fn payloads_go_both_ways() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    for length in [1, 40, 1_200] {
        let payload = vec![length as u8; length];
        lane.send_payload(slot, &payload);
        assert_eq!(lane.heard_by(&mut client), [Said::Payload(payload.clone())]);
        assert_eq!(lane.receive(&client.payload(&payload), address(1)), Ok(Event::Payload { slot, payload }));
    }
}

#[test]
fn a_client_is_told_that_it_is_connected_before_each_payload_until_it_knows() {
    let mut lane = Lane::new(8);
    let mut client = peer(1);
    let Event::Connected { slot, .. } = lane.accept(&mut client, address(1)) else { panic!("not connected") };
    // The first acceptance is lost, and nothing is heard of the client for a while.
    lane.answers();
    for number in 0..3 {
        lane.send_payload(slot, &[number]);
        let accepted = Said::KeepAlive { index: slot as u32, max_clients: 8 };
        assert_eq!(lane.heard_by(&mut client), [accepted, Said::Payload(vec![number])]);
    }
    lane.receive(&client.payload(&[3]), address(1)).unwrap();
    lane.send_payload(slot, &[4]);
    assert_eq!(lane.heard_by(&mut client), [Said::Payload(vec![4])], "now it knows");
}

#[test]
fn who_is_told_nothing_is_kept_alive() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    let mut keep_alives = Vec::new();
    let mut step = |lane: &mut Lane, payload: Option<u8>| {
        lane.now += Duration::from_millis(20);
        lane.receive(&client.keep_alive(), address(1)).unwrap();
        payload.into_iter().for_each(|payload| lane.send_payload(slot, &[payload]));
        assert!(lane.tend(slot));
        lane.heard_by(&mut client)
    };
    (0..400).for_each(|_| keep_alives.extend(step(&mut lane, None)));
    // Every 250 ms, and so at every thirteenth look.
    assert_eq!(keep_alives, vec![Said::KeepAlive { index: slot as u32, max_clients: 8 }; 30], "in eight seconds");
    for _ in 0..100 {
        assert_eq!(step(&mut lane, Some(7)), [Said::Payload(vec![7])], "who is told something needs none");
    }
}

#[test]
fn a_silent_client_is_lost_and_only_authentic_packets_are_a_sign_of_life() {
    for (timeout_s, lasts_s) in [(3, 3), (0, 10), (-7, 10), (3_600, 10)] {
        let mut lane = Lane::new(8);
        let mut client = peer_with(&PrivateToken { timeout_s, ..token(1) }, 1);
        let Event::Connected { slot, .. } = lane.accept(&mut client, address(1)) else { panic!("not connected") };
        lane.receive(&client.keep_alive(), address(1)).unwrap();
        // What it says last is authentic, and a sign of life: from then on its silence counts.
        lane.now = Duration::from_secs(2);
        let last = client.keep_alive();
        lane.receive(&last, address(1)).unwrap();
        let mut forged = client.keep_alive();
        forged[5] ^= 1;
        while lane.now < Duration::from_secs(2 + lasts_s) {
            assert!(lane.tend(slot), "at {:?} of {lasts_s} s", lane.now);
            lane.now += Duration::from_millis(100);
            assert_eq!(lane.receive(&forged, address(1)), Err(PacketRefusal::Netcode));
            assert_eq!(lane.receive(&last, address(1)), Err(PacketRefusal::Replayed));
            assert_eq!(lane.receive(&client.request(), address(1)), Err(PacketRefusal::HandshakeWhileConnected));
            assert_eq!(
                lane.receive(&client.response().unwrap(), address(1)),
                Err(PacketRefusal::HandshakeWhileConnected)
            );
        }
        assert!(!lane.tend(slot), "a token that says {timeout_s} s");
    }
}

#[test]
fn who_never_confirms_is_lost_after_five_seconds() {
    let mut lane = Lane::new(8);
    let mut client = peer(1);
    let Event::Connected { slot, .. } = lane.accept(&mut client, address(1)) else { panic!("not connected") };
    lane.now = Duration::from_millis(4_999);
    assert!(lane.tend(slot));
    lane.now = Duration::from_secs(5);
    assert!(!lane.tend(slot));
}

#[test]
fn a_goodbye_goes_out_ten_times() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    lane.disconnect(slot);
    assert_eq!(lane.heard_by(&mut client), vec![Said::Disconnect; 10]);
    assert_eq!((lane.server.connected(), lane.server.slot_of(1)), (0, None));
    lane.send_payload(slot, &[1]);
    assert!(lane.tend(slot), "there is nothing to tend");
    assert!(lane.sent.is_empty());
    assert_eq!(lane.receive(&client.payload(&[1]), address(1)), Err(PacketRefusal::UnknownAddress));
}

#[test]
fn slots_are_used_again_and_never_shared() {
    let mut lane = Lane::new(4);
    let slots: Vec<usize> = (1..=4).map(|client| lane.join(client, address(client as u16)).1).collect();
    assert_eq!(slots, [0, 1, 2, 3]);
    lane.disconnect(2);
    lane.disconnect(0);
    assert_eq!((lane.join(5, address(5)).1, lane.join(6, address(6)).1), (0, 2));
    assert_eq!(lane.server.slots(), 4);
    assert_eq!((lane.server.slot_of(2), lane.server.slot_of(5), lane.server.slot_of(1)), (Some(1), Some(0), None));
}

#[test]
fn a_sequence_number_that_no_client_reaches_is_refused() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    for sequence in [u64::MAX, u64::MAX - 256, (1 << 62) + 1] {
        let datagram = client.sealed(Kind::Payload, sequence, &[1]);
        assert_eq!(lane.receive(&datagram, address(1)), Err(PacketRefusal::Sequence));
    }
    let payload = vec![1];
    let event = Ok(Event::Payload { slot, payload: payload.clone() });
    assert_eq!(lane.receive(&client.payload(&payload), address(1)), event);
    let highest = client.sealed(Kind::Payload, 1 << 62, &payload);
    assert_eq!(lane.receive(&highest, address(1)), event, "the last one that is none of these");
}

#[test]
fn what_only_a_server_sends_is_refused() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    for (kind, body) in [(Kind::Denied, &[][..]), (Kind::Challenge, &[0; 308][..])] {
        for from in [address(1), address(2)] {
            assert_eq!(lane.receive(&client.sealed(kind, 90, body), from), Err(PacketRefusal::PacketType));
        }
    }
    assert!(lane.sent.is_empty(), "nobody is answered");
    let payload = vec![1];
    assert_eq!(lane.receive(&client.payload(&payload), address(1)), Ok(Event::Payload { slot, payload }));
}

proptest! {
    /// However packets are lost, duplicated and swapped, each comes through at most once, and the newest 255 of them
    /// do.
    #[test]
    fn each_payload_comes_through_once(order in prop::collection::vec(0usize..300, 1..600)) {
        let mut lane = Lane::new(2);
        let (mut client, slot) = lane.join(1, address(1));
        let datagrams: Vec<_> = (0..300u16).map(|number| client.payload(&number.to_le_bytes())).collect();
        let (mut came, mut newest) = (std::collections::BTreeSet::new(), None);
        for number in order {
            let received = lane.receive(&datagrams[number], address(1));
            let is_new = newest.is_none_or(|newest| number > newest || newest - number < 256) && came.insert(number);
            let payload = (number as u16).to_le_bytes().to_vec();
            let expected = if is_new { Ok(Event::Payload { slot, payload }) } else { Err(PacketRefusal::Replayed) };
            prop_assert_eq!(received, expected);
            newest = newest.max(Some(number));
        }
    }
}
