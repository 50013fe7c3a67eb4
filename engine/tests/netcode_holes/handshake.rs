//! The handshake: challenges of another token, tokens used again, answers that get lost.

use std::time::Duration;

use realmgate_engine::admission::TicketRefusal;
use realmgate_engine::transport::refusal::Refusal;
use realmgate_engine::transport::{SessionId, Transport};
use renetcode::ConnectToken;

use super::client::{Client, now};
use super::scene::Scene;

/// Connects with `id`'s connect token and answers with the challenge of `data`'s: the server then takes the client id
/// of the one and the user data of the other.
fn connect_with_swapped_challenge(scene: &mut Scene, id: &ConnectToken, data: &ConnectToken) -> Client {
    let mut donor = Client::new(data.clone());
    donor.pump();
    let mut challenge = None;
    scene.until("the donor is challenged", &mut [], |_, _| {
        challenge = donor.receive_raw();
        challenge.is_some()
    });
    // Sends as `id`, and reads what was sealed for `data`.
    let hybrid = ConnectToken { server_to_client_key: data.server_to_client_key, ..id.clone() };
    let mut client = Client::new(hybrid);
    client.pump();
    scene.until("the client's own challenge came", &mut [], |_, _| client.receive_raw().is_some());
    client.process(&mut challenge.unwrap());
    client.pump();
    client
}

#[test]
fn an_id_with_the_user_data_of_another_is_not_admitted() {
    let mut scene = Scene::new();
    let (mine, victims) = (scene.host.invite(1), scene.host.invite(2));
    let _client = connect_with_swapped_challenge(&mut scene, &mine, &victims);
    let session = SessionId(mine.client_id);
    scene.until("the transport lets it through", &mut [], |scene, _| scene.host.connected.contains(&session));
    scene.until("and admission refuses it", &mut [], |scene, _| scene.host.disconnected.contains(&session));
    assert_eq!(scene.host.refused, vec![TicketRefusal::ForeignSession]);
    assert_eq!(scene.host.players.len(), 1, "only the witness plays");
    scene.assert_serves();
}

#[test]
fn an_id_that_connects_twice_loses_both_connections() {
    let mut scene = Scene::new();
    // Two connect tokens with one client id, and a third whose challenge hides that from stock renetcode.
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let first = scene.host.token(&ticket).seal();
    let second = scene.host.token(&ticket).seal();
    let third = scene.host.invite(2);

    // Pending before the first is connected: later, its request would be refused.
    let mut donor = Client::new(third.clone());
    let hybrid = ConnectToken { server_to_client_key: third.server_to_client_key, ..second };
    let mut intruder = Client::new(hybrid);
    donor.pump();
    intruder.pump();
    let mut challenge = None;
    scene.until("both are challenged", &mut [], |_, _| {
        challenge = challenge.take().or_else(|| donor.receive_raw());
        challenge.is_some() && intruder.receive_raw().is_some()
    });
    let mut honest = Client::new(first);
    scene.until("the first connects", &mut [&mut honest], |_, clients| clients[0].frames > 0);

    intruder.process(&mut challenge.unwrap());
    intruder.pump();
    scene.until("both are out", &mut [&mut honest], |_, clients| clients[0].is_disconnected());
    assert_eq!(scene.host.refusals(Refusal::DuplicateSession), 1);
    scene.until("the host heard of it", &mut [], |scene, _| scene.host.disconnected.len() == 1);
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
    scene.until("it is refused", &mut [&mut again], |scene, _| !scene.host.refused.is_empty());
    assert_eq!(scene.host.refused, vec![TicketRefusal::Reused]);
    scene.until("and told so", &mut [&mut again], |_, clients| clients[0].is_disconnected());
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
        scene.host.refusals(Refusal::Netcode) >= 2
    });
    client.disconnect();
    scene.until("it left", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    let before = scene.host.refusals(Refusal::Netcode);
    scene.until("the thief is refused again", &mut [&mut thief], |scene, _| {
        scene.host.refusals(Refusal::Netcode) >= before + 2
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
    // The host sends snapshots all the time: stock renetcode would never send another acceptance.
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
    let started = now();
    scene.until("it gives up after 2 s", &mut [&mut client], |_, _| now() - started >= Duration::from_secs(2));
    assert!(!client.is_connected());

    // The sidecar lets the character go before it announces it again; the new connection has a socket of its own.
    let stale = SessionId(scene.host.players.iter().find(|(_, player)| player.character.0[0] == 1).unwrap().0.0);
    scene.host.transport.disconnect(stale);
    scene.until("the stale session is over", &mut [], |scene, _| scene.host.disconnected.contains(&stale));
    let mut again = Client::new(scene.host.invite(1));
    scene.until("it plays", &mut [&mut again], |_, clients| clients[0].frames > 0);
    scene.assert_serves();
}

#[test]
fn a_session_that_nobody_confirms_ends() {
    let mut scene = Scene::new();
    let mut client = Client::new(scene.host.invite(1));
    client.lose_accepts = u32::MAX;
    // It goes on answering the challenge all the while, which stock renetcode takes for a sign of life.
    scene.until("it is over", &mut [&mut client], |scene, _| scene.host.disconnected.len() == 1);
    scene.assert_serves();
}

#[test]
fn a_server_that_stops_says_goodbye() {
    let Scene { host, mut witness } = Scene::new();
    drop(host);
    let started = now();
    while !witness.is_disconnected() {
        assert!(now() - started < Duration::from_secs(4), "it would otherwise time out after 5 s");
        witness.pump();
    }
}
