//! The handshake: challenges of another token, tokens used again, answers that get lost.

use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_engine::transport::{ClientId, Transport};
use renetcode::{ConnectToken, DisconnectReason};

use super::client::{Client, UdpRequest, now};
use super::scene::{DEADLINE, Scene, Token};

/// Begins to connect with `id`'s connect token and answers with the challenge of `data`'s: stock renetcode then takes
/// the client id of the one and the user data of the other.
fn answer_with_swapped_challenge(scene: &mut Scene, id: &ConnectToken, data: &ConnectToken) -> Client {
    let mut donor = Client::new(data.clone());
    donor.pump();
    let mut challenge = None;
    scene.until("the donor is challenged", &mut [], |_, _| {
        challenge = donor.receive_raw();
        challenge.is_some()
    });
    // It sends as `id`, and decrypts what was sealed for `data`.
    let hybrid = ConnectToken { server_to_client_key: data.server_to_client_key, ..id.clone() };
    let mut client = Client::new(hybrid);
    client.pump();
    scene.until("the client's own challenge came", &mut [], |_, _| client.receive_raw().is_some());
    client.process(&mut challenge.unwrap());
    client.pump();
    client
}

#[test]
fn a_challenge_is_good_for_its_own_token_only() {
    let mut scene = Scene::new();
    let (mine, victims) = (scene.host.invite(1), scene.host.invite(2));
    let _client = answer_with_swapped_challenge(&mut scene, &mine, &victims);
    scene.until_refused(PacketRefusal::Netcode, 1);
    assert_eq!(scene.host.connected.len(), 1, "only the witness");
    scene.assert_serves();
}

#[test]
fn an_id_that_connects_twice_keeps_its_first_connection() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let tokens = [(); 3].map(|()| scene.host.token(&ticket).seal());
    let [first, second, third] = tokens;

    // Challenged before the first is connected.
    let mut early = Client::new(second);
    early.pump();
    let mut challenge = None;
    scene.until("it is challenged", &mut [], |_, _| {
        challenge = early.receive_raw();
        challenge.is_some()
    });
    let mut honest = Client::new(first);
    scene.until("the first connects", &mut [&mut honest], |_, clients| clients[0].frames > 0);

    early.process(&mut challenge.unwrap());
    early.pump();
    scene.until_refused(PacketRefusal::DuplicateSession, 1);
    let mut late = Client::new(third);
    late.pump();
    scene.until_refused(PacketRefusal::DuplicateSession, 2);
    let frames = honest.frames;
    scene.until("the first plays on", &mut [&mut honest], |_, clients| clients[0].frames > frames + 3);
    assert_eq!((scene.host.connected.len(), scene.host.disconnected.len()), (2, 0));
    scene.assert_serves();
}

#[test]
fn a_new_token_from_the_address_of_a_dead_session_takes_its_place() {
    let mut scene = Scene::new();
    let mut client = scene.join(1);
    client.pump();
    let old = *scene.host.connected.last().unwrap();
    // It crashes without a word; the next program behind the same NAT gets its port.
    let socket = client.into_socket();
    let request = UdpRequest::of(&socket, scene.host.invite(2));
    request.send(&socket);
    scene.until("the request is answered", &mut [], |_, _| request.is_answered(&socket));
    scene.assert_serves();
    assert!(scene.host.disconnected.is_empty(), "a request alone, which may be forged, ends nothing");

    let mut next = Client::on(socket, scene.host.invite(3));
    scene.until("the next one plays", &mut [&mut next], |_, clients| clients[0].frames > 0);
    assert_eq!(scene.host.disconnected, vec![old]);
    scene.assert_serves();
}

#[test]
fn a_full_server_says_so() {
    let mut scene = Scene::with(|settings| settings.max_clients = 2);
    let mut second = scene.join(1);
    let mut third = Client::new(scene.host.invite(2));
    scene.until_ended(&mut third, DisconnectReason::ConnectionDenied);
    assert!(scene.host.refusals(PacketRefusal::ServerFull) >= 1);
    scene.assert_plays(&mut second);
    assert_eq!(scene.host.connected.len(), 2, "the witness and the second");
    second.disconnect();
    scene.until("the second left", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    scene.join(3);
    scene.assert_serves();
}

#[test]
fn a_token_used_again_from_the_same_address_is_not_admitted() {
    let mut scene = Scene::new();
    let token = scene.host.invite(1);
    let mut client = Client::new(token.clone());
    scene.until("it plays", &mut [&mut client], |_, clients| clients[0].frames > 0);
    client.disconnect();
    scene.until("it left", &mut [], |scene, _| scene.host.disconnected.len() == 1);

    let mut again = Client::on(client.into_socket(), token);
    scene.until("it is refused", &mut [&mut again], |scene, _| scene.host.refusals(PacketRefusal::TokenUsed) >= 2);
    assert!(!again.is_connected());
    assert_eq!(scene.host.connected.len(), 2, "witness and client, once each");
    scene.assert_serves();
}

#[test]
fn a_token_used_again_from_another_address_is_refused() {
    let mut scene = Scene::new();
    let token = scene.host.invite(1);
    let mut client = Client::new(token.clone());
    scene.until("it plays", &mut [&mut client], |_, clients| clients[0].frames > 0);

    // Once while it is in use, and once after.
    let mut thief = Client::new(token.clone());
    scene.until("the thief is refused", &mut [&mut client, &mut thief], |scene, _| {
        scene.host.refusals(PacketRefusal::TokenUsed) >= 2
    });
    client.disconnect();
    scene.until("it left", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    let before = scene.host.refusals(PacketRefusal::TokenUsed);
    scene.until("the thief is refused again", &mut [&mut thief], |scene, _| {
        scene.host.refusals(PacketRefusal::TokenUsed) >= before + 2
    });
    assert!(!thief.is_connected());
    assert_eq!(scene.host.connected.len(), 2, "witness and client, nobody else");
    scene.assert_serves();
}

#[test]
fn a_lost_acceptance_is_repeated() {
    let mut scene = Scene::new();
    let mut client = Client::new(scene.host.invite(1));
    client.lose_accepts = 2;
    // The host sends snapshots all the time: stock renetcode would never send another keep-alive that accepts the
    // client.
    scene.until("it plays nevertheless", &mut [&mut client], |_, clients| clients[0].frames > 0);
    assert_eq!(client.lose_accepts, 0);
    assert!(scene.host.refused.is_empty());
    scene.assert_serves();
}

#[test]
fn a_client_that_never_hears_its_acceptance_gets_in_with_a_new_token() {
    let mut scene = Scene::new();
    let mut client = Client::new(scene.host.invite(1));
    client.lose_accepts = u32::MAX;
    scene.until("ten were lost", &mut [&mut client], |_, clients| clients[0].lose_accepts <= u32::MAX - 10);
    assert!(!client.is_connected(), "it gives up");

    // The sidecar releases the character before it announces it again; the new connection has a socket of its own.
    let stale = ClientId(scene.host.players.iter().find(|(_, player)| player.character.0[0] == 1).unwrap().0.0);
    scene.host.transport.disconnect(stale);
    scene.until("the stale session is over", &mut [], |scene, _| scene.host.disconnected.contains(&stale));
    let mut again = Client::new(scene.host.invite(1));
    scene.until("it plays", &mut [&mut again], |_, clients| clients[0].frames > 0);
    scene.assert_serves();
}

#[test]
fn a_session_that_nobody_confirms_ends() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    // Its own patience is longer than this test.
    let token = Token { timeout_s: 60, ..scene.host.token(&ticket) };
    let mut client = Client::new(token.seal());
    client.lose_accepts = u32::MAX;
    // It goes on answering the challenge all the while, which stock renetcode takes for a sign of life.
    scene.until("it is over", &mut [&mut client], |scene, _| scene.host.disconnected.len() == 1);
    assert_eq!(scene.host.disconnected, [ClientId(ticket.ticket_id.0)]);
    assert!(client.end().is_none(), "it has not given up");
    assert!(scene.host.refusals(PacketRefusal::HandshakeWhileConnected) > 10, "it has gone on answering");
    scene.assert_serves();
}

#[test]
fn a_server_that_stops_says_goodbye() {
    let Scene { host, mut witness } = Scene::new();
    drop(host);
    let started = now();
    while witness.end().is_none() {
        assert!(now() - started < DEADLINE, "it hears nothing, and does not time out either");
        witness.pump();
    }
    assert_eq!(witness.end(), Some(DisconnectReason::DisconnectedByServer));
}
