//! Entering with tickets that are refused, late or good.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use realmgate_protocol::ids::{CharacterId, EntityId, MapId, Tick};
use realmgate_protocol::realm::{ClientMessage, Rules, ServerMessage, protocol_hash};
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::token::testing::grant;
use crate::transport::testing::{Heard, ServerDouble};

/// A gateway that hands out the given tickets one after the other, and counts its sockets.
struct GatewayDouble {
    url: String,
    sockets: Arc<AtomicUsize>,
}

impl GatewayDouble {
    async fn start(server: &ServerDouble, ticket_ids: &[u64]) -> Self {
        let answers = ticket_ids.iter().map(|id| admission(server, *id).to_string()).rev().collect();
        let (answers, sockets) = (Arc::new(Mutex::new(answers)), Arc::new(AtomicUsize::new(0)));
        let counted = sockets.clone();
        let upgrade = async move |upgrade: WebSocketUpgrade| {
            counted.fetch_add(1, Ordering::Relaxed);
            upgrade.on_upgrade(move |socket| hand_out(socket, answers))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/ws", get(upgrade))).await });
        Self { url, sockets }
    }

    fn entry(&self) -> Entry {
        Entry::new(&self.url, "token", "hero")
    }
}

async fn hand_out(mut socket: WebSocket, answers: Arc<Mutex<Vec<String>>>) {
    let welcome = json!({ "event": "welcome", "data": {} }).to_string();
    let _ = socket.send(Message::Text(welcome.into())).await;
    while let Some(Ok(Message::Text(_))) = socket.recv().await {
        let answer = answers.lock().unwrap().pop();
        let refused = || json!({ "event": "error", "data": { "code": "MAP_FULL", "message": "" } }).to_string();
        let _ = socket.send(Message::Text(answer.unwrap_or_else(refused).into())).await;
    }
}

fn admission(server: &ServerDouble, ticket_id: u64) -> Value {
    json!({ "event": "enter_world_success", "data": grant(server, ticket_id) })
}

fn setup() -> Setup {
    Setup { accept_within: Duration::from_millis(400), ..Setup::new(Clock::start()) }
}

/// Welcomes any client that greets, into a world in which it owns this much gold.
async fn welcome(server: &mut ServerDouble, gold: u64) -> u64 {
    loop {
        let (client, message) = server.next_message().await;
        if !matches!(message, ClientMessage::Hello { .. }) {
            continue;
        }
        let welcome = ServerMessage::Welcome {
            protocol_hash: protocol_hash(),
            entity: EntityId(1),
            character: CharacterId([2; 16]),
            map: MapId(1),
            channel: ChannelId(1),
            tick: Tick(0),
            tick_hz: 30,
            body_radius: 320,
            slots: Vec::new(),
        };
        let content = ServerMessage::Content {
            classes: Vec::new(),
            abilities: Vec::new(),
            mobs: Vec::new(),
            items: Vec::new(),
            rules: Rules::default(),
        };
        let inventory = ServerMessage::Inventory { items: Vec::new(), gold, experience: 0, level: 1, bag_slots: 20 };
        [welcome, content, inventory].iter().for_each(|message| server.tell(client, message));
        return client;
    }
}

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
async fn five_tickets_are_enough() {
    let server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2, 3, 4, 5, 6]).await;
    drop(server);
    let mut entry = gateway.entry();
    let setup = Setup { accept_within: Duration::from_millis(60), ..setup() };
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
    let (client, _) = tokio::join!(entry.enter(None, &setup), welcome(&mut old, 7));
    let remains = client.unwrap().close();
    while old.next().await != Heard::Disconnected(21) {}

    let grant = grant(&new, 22);
    let carried = remains.session.possessions;
    let (client, admitted) = tokio::join!(entry.travel(&grant, &setup, carried), welcome(&mut new, 6));
    let mut client = client.unwrap();
    assert_eq!(admitted, 22);
    assert_eq!(entry.tickets(), 1, "the grant was the ticket");
    let anomalies = client.session_mut().take_anomalies();
    assert_eq!(anomalies, ["7 gold before the travel, 6 after it"]);
}
