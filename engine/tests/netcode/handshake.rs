//! Requests, challenges, responses.

use std::collections::BTreeSet;
use std::time::Duration;

use realmgate_engine::netcode::peer::{Peer, Said};
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::netcode::PrivateToken;

use crate::lane::{EXPIRES_S, Event, KEY, Lane, PROTOCOL_ID, address, peer, peer_with, token};

#[test]
fn a_client_connects_with_what_its_token_says() {
    let mut lane = Lane::new(8);
    let mut client = peer(77);
    assert_eq!(lane.receive(&client.request(), address(1)), Ok(Event::Answered));
    assert_eq!(lane.answered(), [address(1)]);
    assert!(lane.sent[0].0.len() < client.request().len(), "an answer is never longer than its question");
    assert_eq!(lane.server.connected(), 0);
    assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
    let event = lane.receive(&client.response().unwrap(), address(1));
    assert_eq!(event, Ok(Event::Connected { slot: 0, client_id: 77, user_data: 77, replaces: None }));
    assert_eq!(lane.user_data, [77; 256]);
    assert_eq!(lane.answered(), [address(1)]);
    assert_eq!(lane.heard_by(&mut client), [Said::KeepAlive { index: 0, max_clients: 8 }]);
    assert_eq!((lane.server.connected(), lane.server.slot_of(77)), (1, Some(0)));
}

#[test]
fn a_repeated_request_gets_its_challenge_again() {
    // Any of the challenges will do.
    for answered in 0..5 {
        let mut lane = Lane::new(8);
        let mut client = peer(1);
        for _ in 0..5 {
            assert_eq!(lane.receive(&client.request(), address(1)), Ok(Event::Answered));
        }
        assert_eq!(lane.server.take_pushed_out(), 0, "they are one request");
        let mut challenges = lane.answers();
        assert_eq!(challenges.len(), 5);
        assert_eq!(client.receive(&mut challenges[answered]), Some(Said::Challenge));
        assert!(matches!(lane.receive(&client.response().unwrap(), address(1)), Ok(Event::Connected { .. })));
        assert_eq!(lane.receive(&client.response().unwrap(), address(1)), Err(PacketRefusal::HandshakeWhileConnected));
        assert_eq!(lane.server.connected(), 1);
    }
}

#[test]
fn every_packet_has_a_sequence_number_of_at_least_one_byte() {
    let mut lane = Lane::new(2);
    let (_, slot) = lane.join(1, address(1));
    let mut second = peer(2);
    assert_eq!(lane.receive(&second.request(), address(2)), Ok(Event::Answered));
    assert_eq!(second.receive(&mut lane.sent[0].0.clone()), Some(Said::Challenge));
    assert!(matches!(lane.receive(&second.response().unwrap(), address(2)), Ok(Event::Connected { .. })));
    assert_eq!(lane.receive(&peer(3).request(), address(3)), Err(PacketRefusal::ServerFull));
    lane.send_payload(slot, &[1]);
    lane.disconnect(slot);
    let sent = lane.answers();
    let kinds: BTreeSet<u8> = sent.iter().map(|datagram| datagram[0] & 0xf).collect();
    assert_eq!(kinds, BTreeSet::from([1, 2, 4, 5, 6]), "all that a server sends");
    assert!(sent.iter().all(|datagram| datagram[0] >> 4 >= 1));
}

#[test]
fn a_response_counts_only_with_the_challenge_of_its_own_token() {
    let mut lane = Lane::new(8);
    let (mut mine, victims) = (peer(1), peer(2));
    lane.receive(&mine.request(), address(1)).unwrap();
    lane.answers();
    lane.receive(&victims.request(), address(2)).unwrap();
    // It decrypts what was sealed for the victim, and sends as itself.
    let keys = PrivateToken { server_to_client_key: token(2).server_to_client_key, ..token(1) };
    let mut hybrid = peer_with(&keys, 1);
    assert_eq!(lane.heard_by(&mut hybrid), [Said::Challenge]);
    assert_eq!(lane.receive(&hybrid.response().unwrap(), address(1)), Err(PacketRefusal::Netcode));
    // The same from the address that was challenged: sealed by other keys than its token's.
    assert_eq!(lane.receive(&hybrid.response().unwrap(), address(2)), Err(PacketRefusal::Netcode));
    assert_eq!(lane.server.connected(), 0);

    lane.receive(&mine.request(), address(1)).unwrap();
    assert_eq!(lane.heard_by(&mut mine), [Said::Challenge]);
    assert!(matches!(lane.receive(&mine.response().unwrap(), address(1)), Ok(Event::Connected { user_data: 1, .. })));
}

#[test]
fn a_token_makes_one_connection() {
    let mut lane = Lane::new(8);
    let (mut client, slot) = lane.join(1, address(1));
    assert_eq!(lane.receive(&client.request(), address(2)), Err(PacketRefusal::TokenUsed), "while it is in use");
    assert_eq!(lane.receive(&client.request(), address(1)), Err(PacketRefusal::HandshakeWhileConnected));
    assert_eq!(lane.receive(&client.disconnect(), address(1)), Ok(Event::Disconnected { slot }));
    for from in [address(1), address(2)] {
        assert_eq!(lane.receive(&client.request(), from), Err(PacketRefusal::TokenUsed), "and after");
    }
    assert_eq!(lane.receive(&client.response().unwrap(), address(1)), Err(PacketRefusal::UnknownAddress));
    assert_eq!(lane.sent.len(), 0, "nobody is answered");
}

#[test]
fn a_token_belongs_to_the_address_that_showed_it_first() {
    let mut lane = Lane::new(8);
    let mut client = peer(1);
    lane.receive(&client.request(), address(1)).unwrap();
    let mut other_port = address(1);
    other_port.set_port(other_port.port() + 1);
    for other in [address(2), other_port] {
        assert_eq!(lane.receive(&client.request(), other), Err(PacketRefusal::TokenUsed));
    }
    assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
    for other in [address(2), other_port] {
        assert_eq!(lane.receive(&client.response().unwrap(), other), Err(PacketRefusal::UnknownAddress));
    }
    assert!(matches!(lane.receive(&client.response().unwrap(), address(1)), Ok(Event::Connected { .. })));
}

#[test]
fn a_token_whose_handshake_was_forgotten_is_good_from_anywhere() {
    let mut lane = Lane::new(8);
    let mut client = peer(1);
    lane.receive(&client.request(), address(1)).unwrap();
    lane.answers();
    lane.now = Duration::from_millis(4_999);
    assert_eq!(lane.receive(&client.request(), address(2)), Err(PacketRefusal::TokenUsed), "it is not forgotten yet");
    // Its network has changed, or an eavesdropper showed its token first: only the keys make a connection.
    lane.now = Duration::from_secs(5);
    let event = lane.accept(&mut client, address(2));
    assert!(matches!(event, Event::Connected { client_id: 1, .. }));
    assert_eq!(lane.receive(&client.request(), address(1)), Err(PacketRefusal::TokenUsed), "now it is spent");
}

#[test]
fn a_handshake_that_takes_too_long_begins_anew() {
    let mut lane = Lane::new(8);
    let (mut client, mut quick) = (peer(1), peer(2));
    lane.receive(&quick.request(), address(2)).unwrap();
    assert_eq!(lane.heard_by(&mut quick), [Said::Challenge]);
    lane.receive(&client.request(), address(1)).unwrap();
    assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
    let late = client.response().unwrap();
    lane.now = Duration::from_millis(4_999);
    let in_time = lane.receive(&quick.response().unwrap(), address(2));
    assert!(matches!(in_time, Ok(Event::Connected { client_id: 2, .. })), "{in_time:?}");
    lane.answers();
    lane.now = Duration::from_secs(5);
    assert_eq!(lane.receive(&late, address(1)), Err(PacketRefusal::UnknownAddress));
    assert_eq!(lane.receive(&client.request(), address(1)), Ok(Event::Answered));
    assert_eq!(lane.receive(&late, address(1)), Err(PacketRefusal::Netcode), "the old challenge is worth nothing");
    assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
    assert!(matches!(lane.receive(&client.response().unwrap(), address(1)), Ok(Event::Connected { .. })));
}

#[test]
fn expired_and_foreign_tokens_get_no_answer() {
    let mut lane = Lane::new(8);
    let elsewhere = PrivateToken { servers: vec!["127.0.0.1:9".parse().unwrap()], ..token(1) };
    let bad = [
        peer_with(&elsewhere, 1),
        Peer::new(&token(1), PROTOCOL_ID, 1_000, &[0; 24], &KEY),
        Peer::new(&token(1), PROTOCOL_ID + 1, EXPIRES_S, &[0; 24], &KEY),
        Peer::new(&token(1), PROTOCOL_ID, EXPIRES_S, &[0; 24], &[9; 32]),
    ];
    for client in bad {
        assert_eq!(lane.receive(&client.request(), address(1)), Err(PacketRefusal::Netcode));
    }
    assert!(lane.sent.is_empty());
    lane.now = Duration::from_millis(29_999);
    assert_eq!(lane.receive(&peer(2).request(), address(2)), Ok(Event::Answered), "its last second");
    lane.answers();
    lane.now = Duration::from_secs(30);
    assert_eq!(lane.receive(&peer(1).request(), address(1)), Err(PacketRefusal::Netcode), "is over");
    assert!(lane.sent.is_empty());
}

#[test]
fn tokens_are_dated_by_the_wall_clock_of_now() {
    let mut lane = Lane::new(8);
    lane.now = Duration::from_secs(600);
    assert_eq!(lane.receive(&peer(1).request(), address(1)), Err(PacketRefusal::Netcode), "it is over by that clock");
    // NTP sets the clock back by ten minutes.
    lane.server.set_unix_start(Duration::from_secs(400));
    assert_eq!(lane.receive(&peer(1).request(), address(1)), Ok(Event::Answered));
}

#[test]
fn a_client_id_connects_once() {
    let mut lane = Lane::new(8);
    let mut early = peer_with(&token(1), 100);
    lane.receive(&early.request(), address(2)).unwrap();
    assert_eq!(lane.heard_by(&mut early), [Said::Challenge]);
    let (mut first, slot) = lane.join(1, address(1));
    assert_eq!(lane.receive(&early.response().unwrap(), address(2)), Err(PacketRefusal::DuplicateSession));
    let late = peer_with(&token(1), 101);
    assert_eq!(lane.receive(&late.request(), address(3)), Err(PacketRefusal::DuplicateSession));
    let payload = vec![1, 2, 3];
    assert_eq!(lane.receive(&first.payload(&payload), address(1)), Ok(Event::Payload { slot, payload }));
}

#[test]
fn a_full_server_denies_and_says_so_to_the_client_alone() {
    let mut lane = Lane::new(1);
    let mut early = peer(2);
    lane.receive(&early.request(), address(2)).unwrap();
    assert_eq!(lane.heard_by(&mut early), [Said::Challenge]);
    let (mut first, _) = lane.join(1, address(1));
    assert_eq!(lane.receive(&early.response().unwrap(), address(2)), Err(PacketRefusal::ServerFull));
    assert_eq!(lane.answered(), [address(2)]);
    assert_eq!(lane.heard_by(&mut early), [Said::Denied]);
    let mut late = peer(3);
    assert_eq!(lane.receive(&late.request(), address(3)), Err(PacketRefusal::ServerFull));
    assert_eq!(lane.answered(), [address(3)]);
    assert_eq!(lane.heard_by(&mut late), [Said::Denied]);
    lane.receive(&first.disconnect(), address(1)).unwrap();
    assert!(matches!(lane.accept(&mut late, address(3)), Event::Connected { .. }), "its token is still good");
}

#[test]
fn a_new_token_takes_over_an_address_once_it_has_answered() {
    let mut lane = Lane::new(1);
    let (mut old, old_slot) = lane.join(1, address(1));
    let mut new = peer(2);
    assert_eq!(lane.receive(&new.request(), address(1)), Ok(Event::Answered));
    // Until then the old one plays on: the request may have been forged.
    assert!(matches!(lane.receive(&old.payload(&[1]), address(1)), Ok(Event::Payload { .. })));
    assert_eq!(lane.heard_by(&mut new), [Said::Challenge]);
    let event = lane.receive(&new.response().unwrap(), address(1)).unwrap();
    let Event::Connected { slot, client_id: 2, replaces: Some(replaced), .. } = event else { panic!("{event:?}") };
    assert_eq!(replaced, old_slot);
    assert_eq!((lane.server.connected(), lane.server.slot_of(1), lane.server.slot_of(2)), (1, None, Some(slot)));
    assert_eq!(lane.receive(&old.payload(&[1]), address(1)), Err(PacketRefusal::Netcode));
    assert_eq!(lane.receive(&new.keep_alive(), address(1)), Ok(Event::Heard { slot }));
}

#[test]
fn forged_requests_do_not_keep_an_address_from_its_owner() {
    let mut lane = Lane::new(8);
    // Somebody with tokens of his own forges the victim's address, before and after the victim asks.
    let forge = |lane: &mut Lane, tokens: std::ops::Range<u64>| {
        tokens.for_each(|token| assert_eq!(lane.receive(&peer(token).request(), address(1)), Ok(Event::Answered)));
        lane.answers();
    };
    forge(&mut lane, 10..20);
    let mut victim = peer(1);
    lane.receive(&victim.request(), address(1)).unwrap();
    assert_eq!(lane.heard_by(&mut victim), [Said::Challenge]);
    // As many as there is room for beside it.
    forge(&mut lane, 20..23);
    let event = lane.receive(&victim.response().unwrap(), address(1));
    assert!(matches!(event, Ok(Event::Connected { client_id: 1, user_data: 1, .. })));
}
