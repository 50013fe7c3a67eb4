//! A gateway and a server that let in whoever asks, for tests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId, Tick};
use realmgate_protocol::realm::{ClientMessage, Rules, ServerMessage, protocol_hash};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Entry;
use crate::client::Setup;
use crate::clock::Clock;
use crate::token::testing::grant;
use crate::transport::testing::ServerDouble;

/// A gateway that hands out the given tickets one after the other, and counts its sockets.
pub(crate) struct GatewayDouble {
    url: String,
    pub(crate) sockets: Arc<AtomicUsize>,
    desk: Arc<Desk>,
}

/// What its sockets share.
struct Desk {
    /// The next is the last.
    answers: Mutex<Vec<String>>,
    /// Whether only the token "newer" is taken.
    is_expired: AtomicBool,
    open: watch::Sender<usize>,
    refused: watch::Sender<usize>,
}

impl GatewayDouble {
    pub(crate) async fn start(server: &ServerDouble, ticket_ids: &[u64]) -> Self {
        let desk = Arc::new(Desk {
            answers: Mutex::default(),
            is_expired: AtomicBool::default(),
            open: watch::Sender::new(0),
            refused: watch::Sender::new(0),
        });
        let sockets = Arc::new(AtomicUsize::new(0));
        let (counted, shared) = (sockets.clone(), desk.clone());
        let upgrade = async move |headers: HeaderMap, upgrade: WebSocketUpgrade| {
            let is_newer = headers.get(AUTHORIZATION).is_some_and(|token| token == "Bearer newer");
            counted.fetch_add(1, Ordering::Relaxed);
            shared.open.send_modify(|open| *open += 1);
            upgrade.on_upgrade(async move |socket| {
                hand_out(socket, &shared, is_newer).await;
                shared.open.send_modify(|open| *open -= 1);
            })
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/ws", get(upgrade))).await });
        let gateway = Self { url, sockets, desk };
        gateway.hand_out_more(server, ticket_ids);
        gateway
    }

    /// The token of everybody has expired.
    pub(crate) fn expire(&self) {
        self.desk.is_expired.store(true, Ordering::Relaxed);
    }

    /// Hands out these tickets too, after the others.
    pub(crate) fn hand_out_more(&self, server: &ServerDouble, ticket_ids: &[u64]) {
        let more = ticket_ids.iter().rev().map(|id| admission(server, *id).to_string());
        self.desk.answers.lock().unwrap().splice(0..0, more);
    }

    /// Waits until somebody was refused.
    pub(crate) async fn refused(&self) {
        self.desk.refused.subscribe().wait_for(|refused| *refused > 0).await.unwrap();
    }

    /// Waits until nobody has a socket open.
    pub(crate) async fn all_closed(&self) {
        self.desk.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry::new(&self.url, "token", "hero")
    }
}

async fn hand_out(mut socket: WebSocket, desk: &Desk, is_newer: bool) {
    let welcome = json!({ "event": "welcome", "data": { "message": "Connected to Gateway" } }).to_string();
    let _ = socket.send(Message::Text(welcome.into())).await;
    while let Some(Ok(Message::Text(_))) = socket.recv().await {
        if desk.is_expired.load(Ordering::Relaxed) && !is_newer {
            let close = CloseFrame { code: 1_008, reason: "Invalid token".into() };
            let _ = socket.send(Message::Close(Some(close))).await;
            return;
        }
        let answer = desk.answers.lock().unwrap().pop();
        let refused = || {
            desk.refused.send_modify(|refused| *refused += 1);
            json!({ "event": "error", "data": { "code": "MAP_FULL", "message": "" } }).to_string()
        };
        let _ = socket.send(Message::Text(answer.unwrap_or_else(refused).into())).await;
    }
}

pub(crate) fn admission(server: &ServerDouble, ticket_id: u64) -> Value {
    json!({ "event": "enter_world_success", "data": grant(server, ticket_id) })
}

pub(crate) fn setup() -> Setup {
    Setup { accept_within: Some(Duration::from_millis(400)), ..Setup::new(Clock::start()) }
}

/// Welcomes any client that greets, into a world in which it owns this much gold.
pub(crate) async fn welcome(server: &mut ServerDouble, gold: u64) -> u64 {
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
