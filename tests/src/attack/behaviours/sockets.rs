//! Gateway sockets that are not read, opened again and again, or spoken over in a wrong order.

use std::time::Duration;

use futures_util::SinkExt;
use rand::RngExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::super::hostile::{Hostile, Told, heard};
use super::super::place::pause;

pub(super) async fn stall(hostile: &mut Hostile) -> Told {
    let mut told = Told::default();
    let Some(mut socket) = hostile.gateway().await else { return told };
    for _ in 0..60 {
        told.asked += 1;
        if socket.send(Message::text("{}")).await.is_err() {
            told.ended += 1;
            return told;
        }
    }
    pause(Duration::from_secs(3)).await;
    told
}

pub(super) async fn reconnect(hostile: &mut Hostile) -> Told {
    let mut told = Told::default();
    for _ in 0..5 {
        told.asked += 1;
        told.refused += u64::from(hostile.gateway().await.is_none());
    }
    told
}

pub(super) async fn out_of_turn(hostile: &mut Hostile) -> Told {
    let mut told = Told::default();
    let Some(mut socket) = hostile.gateway().await else { return told };
    let nobody = "018f0000-0000-7000-8000-000000000001";
    let own = hostile.character.clone().unwrap_or_default();
    let messages: [Value; 6] = [
        json!({"event": "leave_world", "data": {}}),
        json!({"event": "enter_world", "data": {"character_id": own}}),
        json!({"event": "enter_world", "data": {"character_id": nobody}}),
        json!({"event": "enter_world", "data": {"character_id": own, "channel": 65_535}}),
        json!({"event": "welcome", "data": {"user_id": own}}),
        json!({"event": "enter_world", "data": [[[[[[[[0]]]]]]]]}),
    ];
    for _ in 0..10 {
        let message = &messages[hostile.rng.random_range(0..messages.len())];
        told.asked += 1;
        if socket.send(Message::text(message.to_string())).await.is_err() {
            told.ended += 1;
            return told;
        }
        // Now and then the answer is awaited, so that both orders occur.
        if hostile.rng.random_bool(0.5)
            && let Some(answer) = heard(&mut socket).await
        {
            told.refused += u64::from(answer["event"] == "error");
        }
    }
    told
}
