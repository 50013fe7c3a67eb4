//! Tokens and tickets that are forged, expired, foreign, replayed or never announced.

use std::time::Duration;

use realmgate_engine::admission::TicketRefusal;
use realmgate_engine::transport::ClientId;
use realmgate_engine::transport::refusal::PacketRefusal;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::ticket::Ticket;
use renetcode::DisconnectReason;

use super::client::Client;
use super::scene::{Scene, Token, unix_now};

/// Connects with this token: the netcode layer lets it in, and admission refuses it.
fn assert_not_admitted(scene: &mut Scene, token: &Token, reason: TicketRefusal) {
    let before = scene.host.refused.len();
    let mut client = Client::new(token.seal());
    scene.until("admission decides", &mut [&mut client], |scene, _| scene.host.refused.len() > before);
    assert_eq!(scene.host.refused.last(), Some(&reason));
    scene.until_ended(&mut client, DisconnectReason::DisconnectedByServer);
    assert_eq!(scene.host.players.len(), 1, "only the witness plays");
    scene.assert_serves();
}

/// Connects with a ticket that is as it was announced: whatever was tried before has not used it up.
fn assert_admitted(scene: &mut Scene, ticket: &Ticket) {
    let mut client = Client::new(scene.host.token(ticket).seal());
    scene.until("it plays", &mut [&mut client], |_, clients| clients[0].frames > 0);
    let admitted = scene.host.players.get(&ClientId(ticket.ticket_id.0));
    assert_eq!(admitted.map(|player| (player.character, player.epoch)), Some((ticket.character, ticket.epoch)));
}

#[test]
fn forged_and_malformed_tickets_are_refused() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let mut token = scene.host.token(&ticket);
    // Another character, under the old MAC.
    token.user_data[30] ^= 1;
    assert_not_admitted(&mut scene, &token, TicketRefusal::Forged);
    token.user_data = [0; 256];
    assert_not_admitted(&mut scene, &token, TicketRefusal::Malformed);
    token.user_data = [0xff; 256];
    assert_not_admitted(&mut scene, &token, TicketRefusal::Malformed);
    assert_admitted(&mut scene, &ticket);
}

#[test]
fn tickets_for_another_server_are_refused() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let foreign = Ticket { server: "map-server-2".parse().unwrap(), ..ticket.clone() };
    let token = scene.host.token(&foreign);
    assert_not_admitted(&mut scene, &token, TicketRefusal::WrongServer);
    assert_admitted(&mut scene, &ticket);
}

#[test]
fn tickets_that_differ_from_their_announcement_are_refused() {
    let mut scene = Scene::new();
    let unannounced = scene.host.ticket(1);
    let token = scene.host.token(&unannounced);
    assert_not_admitted(&mut scene, &token, TicketRefusal::NotExpected);

    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let other = scene.host.ticket(9);
    let differing = [
        Ticket { character: other.character, ..ticket.clone() },
        Ticket { account: other.account, ..ticket.clone() },
        Ticket { epoch: other.epoch, ..ticket.clone() },
        Ticket { map: MapId(2), ..ticket.clone() },
        Ticket { channel: ChannelId(2), ..ticket.clone() },
    ];
    for different in differing {
        let token = scene.host.token(&different);
        assert_not_admitted(&mut scene, &token, TicketRefusal::IdentityMismatch);
    }
    assert_admitted(&mut scene, &ticket);
}

#[test]
fn expired_tickets_are_refused_by_the_announced_deadline() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 0);
    let token = scene.host.token(&ticket);
    assert_not_admitted(&mut scene, &token, TicketRefusal::Expired);
    let now_ms = scene.host.now_ms();
    assert_eq!(scene.host.admission.expire(now_ms), vec![(ticket.character, ticket.epoch)]);

    // What the ticket itself says of its time is nothing that a map server's clock could judge.
    let dated = Ticket { issued_ms: 0, expires_ms: 0, ..scene.host.ticket(2) };
    scene.host.announce(&dated, 30_000);
    assert_admitted(&mut scene, &dated);
}

#[test]
fn a_ticket_in_a_second_connect_token_is_refused() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let token = scene.host.token(&ticket);
    let mut client = Client::new(token.seal());
    scene.until("it plays", &mut [&mut client], |_, clients| clients[0].frames > 0);
    client.disconnect();
    scene.until("it left", &mut [], |scene, _| scene.host.disconnected.len() == 1);
    assert_not_admitted(&mut scene, &token, TicketRefusal::Reused);

    let under_another_id = Token { client_id: 99, ..token };
    assert_not_admitted(&mut scene, &under_another_id, TicketRefusal::ForeignSession);
}

#[test]
fn connect_tokens_of_others_get_no_answer() {
    let mut scene = Scene::new();
    let ticket = scene.host.ticket(1);
    scene.host.announce(&ticket, 30_000);
    let good = || scene.host.token(&ticket);
    let bad = [
        Token { key: [9; 32], ..good() },
        Token { protocol_id: 1, ..good() },
        Token { issued: unix_now() - Duration::from_secs(60), ..good() },
    ];
    let mut clients: Vec<Client> = bad.into_iter().map(|token| Client::new(token.seal())).collect();
    // Sealed for another address, and sent here.
    let elsewhere = Token { server: "127.0.0.1:9".parse().unwrap(), ..good() }.seal();
    let mut here = elsewhere.clone();
    here.server_addresses[0] = Some(scene.host.transport.local_address());
    clients.push(Client::new(here));
    clients.iter_mut().for_each(Client::pump);
    scene.until_refused(PacketRefusal::Netcode, clients.len() as u64);
    assert_eq!(scene.host.connected.len(), 1, "only the witness");
    scene.assert_serves();
    assert!(clients.iter().all(|client| client.receive_raw().is_none()), "not even a denial");
}
