//! A gateway and a server that let in whoever asks, for tests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId, Tick};
use realmgate_protocol::realm::{ClientMessage, Rules, ServerMessage, protocol_hash};
use serde_json::{Value, json};

use super::Entry;
use crate::client::Setup;
use crate::clock::Clock;
use crate::token::testing::grant;
use crate::transport::testing::ServerDouble;

/// A gateway that hands out the given tickets one after the other, and counts its sockets.
pub(crate) struct GatewayDouble {
    url: String,
    pub(crate) sockets: Arc<AtomicUsize>,
    is_expired: Arc<AtomicBool>,
}

impl GatewayDouble {
    pub(crate) async fn start(server: &ServerDouble, ticket_ids: &[u64]) -> Self {
        let answers = ticket_ids.iter().map(|id| admission(server, *id).to_string()).rev().collect();
        let (answers, sockets) = (Arc::new(Mutex::new(answers)), Arc::new(AtomicUsize::new(0)));
        let (counted, is_expired) = (sockets.clone(), Arc::<AtomicBool>::default());
        let expired = is_expired.clone();
        let upgrade = async move |upgrade: WebSocketUpgrade| {
            counted.fetch_add(1, Ordering::Relaxed);
            upgrade.on_upgrade(move |socket| hand_out(socket, answers, expired))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/ws", get(upgrade))).await });
        Self { url, sockets, is_expired }
    }

    /// The log-in of everybody has expired.
    pub(crate) fn expire(&self) {
        self.is_expired.store(true, Ordering::Relaxed);
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry::new(&self.url, "token", "hero")
    }
}

async fn hand_out(mut socket: WebSocket, answers: Arc<Mutex<Vec<String>>>, is_expired: Arc<AtomicBool>) {
    let welcome = json!({ "event": "welcome", "data": {} }).to_string();
    let _ = socket.send(Message::Text(welcome.into())).await;
    while let Some(Ok(Message::Text(_))) = socket.recv().await {
        if is_expired.load(Ordering::Relaxed) {
            let close = CloseFrame { code: 1_008, reason: "Invalid token".into() };
            let _ = socket.send(Message::Close(Some(close))).await;
            return;
        }
        let answer = answers.lock().unwrap().pop();
        let refused = || json!({ "event": "error", "data": { "code": "MAP_FULL", "message": "" } }).to_string();
        let _ = socket.send(Message::Text(answer.unwrap_or_else(refused).into())).await;
    }
}

pub(crate) fn admission(server: &ServerDouble, ticket_id: u64) -> Value {
    json!({ "event": "enter_world_success", "data": grant(server, ticket_id) })
}

pub(crate) fn setup() -> Setup {
    Setup { accept_within: Duration::from_millis(400), ..Setup::new(Clock::start()) }
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
