//! Entering with tickets that are refused, late or good.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::testing::{GatewayDouble, setup, welcome};
use super::*;
use crate::token::testing::grant;
use crate::transport::testing::{Heard, ServerDouble};

#[tokio::test]
async fn lost_accepts_cost_a_ticket_each_over_one_gateway_socket() {
    let mut server = ServerDouble::start().await;
    server.accepts_to_lose = 2;
    let gateway = GatewayDouble::start(&server, &[11, 12, 13]).await;
    let (mut entry, setup) = (gateway.entry(), setup());
    let (client, admitted) = tokio::join!(entry.enter(None, &setup), welcome(&mut server, 0));
    assert!(client.unwrap().session().is_entered());
    assert_eq!((admitted, entry.tickets()), (13, 3));
    assert_eq!(gateway.sockets.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn each_welcome_of_the_gateway_is_shown_once() {
    let mut server = ServerDouble::start().await;
    server.accepts_to_lose = 1;
    let gateway = GatewayDouble::start(&server, &[11, 12]).await;
    let (show, shown) = std::sync::mpsc::channel();
    let mut entry = gateway.entry().with_welcome(move |message| show.send(message.to_owned()).unwrap());
    let setup = setup();
    let (client, _) = tokio::join!(entry.enter(None, &setup), welcome(&mut server, 0));
    assert!(client.is_ok());
    assert_eq!(shown.try_iter().collect::<Vec<_>>(), ["Connected to Gateway"]);
}

#[tokio::test]
async fn five_tickets_are_enough() {
    let server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2, 3, 4, 5, 6]).await;
    drop(server);
    let mut entry = gateway.entry();
    let setup = Setup { accept_within: Some(Duration::from_millis(60)), ..setup() };
    let error = entry.enter(None, &setup).await.unwrap_err();
    assert!(matches!(error, EntryError::Enter(EnterError::Closed(_))), "{error}");
    assert_eq!(entry.tickets(), 5);
}

#[tokio::test]
async fn a_refusal_of_the_gateway_is_handed_on() {
    let server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[]).await;
    let error = gateway.entry().enter(None, &setup()).await.unwrap_err();
    assert!(matches!(error, EntryError::Gateway(ref error) if error.code() == Some("MAP_FULL")), "{error}");
}

#[tokio::test]
async fn a_traveller_arrives_on_a_fresh_socket_with_what_it_owned() {
    let (mut old, mut new) = (ServerDouble::start().await, ServerDouble::start().await);
    let gateway = GatewayDouble::start(&old, &[21]).await;
    let (mut entry, setup) = (gateway.entry(), setup());
    let (before, _) = tokio::join!(entry.enter(None, &setup), welcome(&mut old, 7));
    // It is open still, as a player's is, so that its port is not given away again.
    let before = before.unwrap();
    let carried = before.session().possessions.clone();

    let grant = grant(&new, 22);
    let (client, admitted) = tokio::join!(entry.travel(&grant, &setup, carried), welcome(&mut new, 6));
    let mut client = client.unwrap();
    assert_eq!(admitted, 22);
    assert_ne!(new.peer(22), old.peer(21), "from a socket of its own");
    assert_eq!(entry.tickets(), 1, "the grant was the ticket");
    let anomalies = client.session_mut().take_anomalies();
    assert_eq!(anomalies, ["7 gold before the travel, 6 after it"]);
    before.close();
    while old.next().await != Heard::Disconnected(21) {}
}
