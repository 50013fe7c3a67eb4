//! The realtime socket: topics of others, floods, frames that are too much or never end, and upgrades that are refused.

use std::time::Duration;

use futures_util::SinkExt;
use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::super::endpoints::{ANSWER_WITHIN, pause};
use super::super::hostile::{Hostile, Responses, Socket, any, heard};
use super::super::raw::{Answered, TEXT, frame, is_ended, send, status};

/// Messages of a flood: more than a socket may send in 10 s.
const FLOOD: u64 = 400;
/// Upgrades of one act.
const UPGRADES: usize = 20;
const VERSIONS: [&str; 2] = ["1.0.0", "2.0.0"];

/// A message in a version of the protocol. Its reference is that of the join too.
pub(super) fn message(version: &str, number: u64, topic: &str, event: &str, payload: &Value) -> Message {
    let number = number.to_string();
    let message = match version {
        "2.0.0" => json!([number, number, topic, event, payload]),
        _ => json!({"join_ref": number, "ref": number, "topic": topic, "event": event, "payload": payload}),
    };
    Message::text(message.to_string())
}

/// The next reply: its reference, status and response.
pub(super) async fn reply(socket: &mut Socket) -> Option<(String, bool, Value)> {
    loop {
        let message = heard(socket).await?;
        let (reference, event, payload) = match &message {
            Value::Array(parts) => (parts.get(1)?, parts.get(3)?, parts.get(4)?),
            _ => (message.get("ref")?, message.get("event")?, message.get("payload")?),
        };
        if event == "phx_reply" {
            let reference = reference.as_str().unwrap_or_default().to_owned();
            return Some((reference, payload["status"] == "ok", payload["response"].clone()));
        }
    }
}

pub(super) async fn joins(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let others = hostile.call(Method::GET, "/api/v1/users?q=probe&page_size=20", None).await;
    let others = others.map(|(_, found)| found["data"].as_array().cloned().unwrap_or_default()).unwrap_or_default();
    let version = *any(&mut hostile.rng, &VERSIONS);
    let Some(mut socket) = hostile.realtime(version).await else { return responses };
    let topics = ["lobby:018f0000-0000-7000-8000-000000000001", "user:*", "user:", "", "phoenix", "lobby:%00", "admin"];
    let of_others = others.iter().filter_map(|user| Some(format!("user:{}", user["id"].as_str()?)));
    for (number, topic) in (1..).zip(of_others.chain(topics.map(str::to_owned))) {
        responses.asked += 1;
        if socket.send(message(version, number, &topic, "phx_join", &json!({}))).await.is_err() {
            responses.ended += 1;
            return responses;
        }
        match reply(&mut socket).await {
            Some((_, true, _)) => hostile.endpoints.breaches.note(format!("a stranger has joined {topic:?}")),
            Some((_, false, _)) => responses.refused += 1,
            None => {
                responses.ended += 1;
                return responses;
            }
        }
    }
    responses
}

pub(super) async fn flood(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let version = *any(&mut hostile.rng, &VERSIONS);
    let Some(mut socket) = hostile.realtime(version).await else { return responses };
    let own = format!("user:{}", hostile.user_id);
    let events = [
        ("phoenix", "heartbeat"),
        (&own, "phx_join"),
        ("lobbies", "phx_join"),
        (&own, "webrtc:offer"),
        (&own, "phx_leave"),
        ("lobbies", "unknown"),
    ];
    for number in 0..FLOOD {
        let (topic, event) = *any(&mut hostile.rng, &events);
        responses.asked += 1;
        if socket.send(message(version, number, topic, event, &json!({"a": [1]}))).await.is_err() {
            responses.ended += 1;
            return responses;
        }
    }
    let until = Instant::now() + ANSWER_WITHIN;
    loop {
        match timeout_at(until, reply(&mut socket)).await {
            Ok(Some((_, true, _))) => {}
            Ok(Some((_, false, _))) => responses.refused += 1,
            Ok(None) => {
                responses.ended += 1;
                return responses;
            }
            Err(_) => return responses,
        }
    }
}

pub(super) async fn frames(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses { asked: 1, ..Responses::default() };
    if !hostile.is_logged_in().await {
        return Responses::default();
    }
    let version = *any(&mut hostile.rng, &VERSIONS);
    let Some(mut socket) = hostile.realtime(version).await else { return Responses::default() };
    let stream = socket.get_mut();
    let kind = hostile.rng.random_range(0..8);
    let bytes = match kind {
        // More than a message may have: whole, announced, and in parts that never end.
        0 => frame(TEXT, &vec![b'x'; 200 << 10]),
        1 => [&[0x81, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4], &[b'x'; 1_000]].concat(),
        2 => [vec![0x01, 0x81, 0, 0, 0, 0, b'['], [0x00, 0x81, 0, 0, 0, 0, b'['].repeat(200_000)].concat(),
        3 => frame(TEXT, "[".repeat(100 << 10).as_bytes()),
        4 => frame(TEXT, json!([null, null, "x".repeat(300), "phx_join", {}]).to_string().as_bytes()),
        5 => frame(2, &[0; 64]),
        6 => frame(TEXT, br#"{"topic":1,"event":[],"payload":null,"ref":{}}"#),
        // Half of a message that would be one.
        _ => frame(TEXT, &vec![b' '; 100 << 10])[..50 << 10].to_vec(),
    };
    let is_sent = send(stream, &bytes).await;
    if kind == 7 {
        pause(Duration::from_secs(3)).await;
        return responses;
    }
    responses.ended += u64::from(!is_sent || is_ended(stream).await);
    responses
}

pub(super) async fn upgrades(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let (api, token) = (hostile.endpoints.api, hostile.access.clone());
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let path = "/socket/websocket?vsn=2.0.0&token=";
    let requests = [
        format!("GET {path} HTTP/1.1\r\nHost: {api}\r\n{upgrade}{key}\r\n"),
        format!("GET {path}a.b.c HTTP/1.1\r\nHost: {api}\r\n{upgrade}{key}\r\n"),
        format!("GET {path}%00%ff HTTP/1.1\r\nHost: {api}\r\n{upgrade}{key}\r\n"),
        format!("GET {path}{token}&token=b HTTP/1.1\r\nHost: {api}\r\n{upgrade}{key}\r\n"),
        format!("GET {path}{token}&vsn=3.0.0 HTTP/1.1\r\nHost: {api}\r\n{upgrade}{key}\r\n"),
        format!("GET {path}{token} HTTP/1.1\r\nHost: {api}\r\nOrigin: https://elsewhere.example\r\n{upgrade}{key}\r\n"),
        format!("GET {path}{token} HTTP/1.1\r\nHost: {api}\r\n{upgrade}\r\n"),
        format!("GET {path}{token} HTTP/1.1\r\nHost: {api}\r\n\r\n"),
        format!("POST {path}{token} HTTP/1.1\r\nHost: {api}\r\nContent-Length: 2\r\n{upgrade}{key}\r\n{{}}"),
    ];
    for _ in 0..UPGRADES {
        let request = any(&mut hostile.rng, &requests);
        let Some(mut stream) = hostile.connect(api).await else { continue };
        if !send(&mut stream, request.as_bytes()).await {
            responses.ended += 1;
            continue;
        }
        let answered = status(&mut stream, ANSWER_WITHIN).await;
        responses.raw_answer(answered);
        let line = request.lines().next().unwrap_or_default().replace(&token, "TOKEN");
        hostile.endpoints.breaches.check_answer(&line, answered);
        if answered == Answered::Status(101) {
            hostile.endpoints.breaches.note(format!("a socket was opened by {line}"));
        }
    }
    responses
}
