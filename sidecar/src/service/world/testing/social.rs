//! A player's realtime socket, over which it whispers and chats without being in a world.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Client, Player, TestWorld};

/// A realtime socket that has joined the topic of its account.
pub(crate) struct SocialClient {
    socket: Client,
    user: String,
    last: u32,
    /// Events that the test has not taken.
    kept: VecDeque<Value>,
}

impl SocialClient {
    /// Opens a socket at a sidecar, and joins the account's topic.
    pub(crate) async fn open(world: &TestWorld, player: &Player) -> Self {
        let query = format!("token={}&vsn=2.0.0", player.token);
        let socket = Client::open(&format!("ws://{}/socket/websocket?{query}", world.state().addrs.api), &[]).await;
        let mut client = Self { socket, user: format!("user:{}", player.account), last: 0, kept: VecDeque::new() };
        let user = client.user.clone();
        client.join(&user).await;
        client
    }

    pub(crate) async fn join(&mut self, topic: &str) {
        assert_eq!(
            self.push_on(topic, "phx_join", json!({})).await,
            json!({"status": "ok", "response": {}}),
            "{topic}"
        );
    }

    /// Pushes on the topic of the account. Returns the payload of the reply.
    pub(crate) async fn push(&mut self, event: &str, payload: Value) -> Value {
        let user = self.user.clone();
        self.push_on(&user, event, payload).await
    }

    /// The same on another topic.
    pub(crate) async fn push_on(&mut self, topic: &str, event: &str, payload: Value) -> Value {
        self.last += 1;
        let own = self.last.to_string();
        let join_ref = if event == "phx_join" { json!(own) } else { Value::Null };
        self.socket.send_text(&json!([join_ref, own, topic, event, payload]).to_string()).await;
        loop {
            let frame = self.socket.next().await;
            if frame[1] == own {
                return frame[4].clone();
            }
            self.kept.push_back(frame);
        }
    }

    /// The payload of the next event of this name; those before it are kept.
    pub(crate) async fn event(&mut self, event: &str) -> Value {
        if let Some(at) = self.kept.iter().position(|frame| frame[3] == event) {
            return self.kept.remove(at).unwrap()[4].clone();
        }
        loop {
            let frame = self.socket.next().await;
            if frame[3] == event {
                return frame[4].clone();
            }
            self.kept.push_back(frame);
        }
    }

    /// Whether such an event has come that the test has not taken.
    pub(crate) fn has(&self, event: &str) -> bool {
        self.kept.iter().any(|frame| frame[3] == event)
    }

    /// The code with which the socket is closed. Events before it are not looked at.
    pub(crate) async fn closed(&mut self) -> u16 {
        self.socket.closed_after_events().await
    }
}
