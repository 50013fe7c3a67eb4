//! Gateway sockets that are not read, opened again and again, or spoken over in a wrong order.

use std::time::Duration;

use futures_util::SinkExt;
use rand::RngExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::super::endpoints::pause;
use super::super::hostile::{Hostile, Responses, heard};

pub(super) async fn stall(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let Some(mut socket) = hostile.gateway().await else { return responses };
    for _ in 0..60 {
        responses.asked += 1;
        if socket.send(Message::text("{}")).await.is_err() {
            responses.ended += 1;
            return responses;
        }
    }
    pause(Duration::from_secs(3)).await;
    responses
}

pub(super) async fn reconnect(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..5 {
        responses.asked += 1;
        responses.refused += u64::from(hostile.gateway().await.is_none());
    }
    responses
}

pub(super) async fn out_of_turn(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let Some(mut socket) = hostile.gateway().await else { return responses };
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
        responses.asked += 1;
        if socket.send(Message::text(message.to_string())).await.is_err() {
            responses.ended += 1;
            return responses;
        }
        // Now and then the answer is awaited, so that both orders occur.
        if hostile.rng.random_bool(0.5)
            && let Some(answer) = heard(&mut socket).await
        {
            responses.refused += u64::from(answer["event"] == "error");
        }
    }
    responses
}
