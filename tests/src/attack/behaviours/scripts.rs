//! Scripts that are called with what costs most, many times at once, and for ever.

use futures_util::SinkExt;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::hostile::{Hostile, Responses, any};
use super::super::surroundings::PLUGIN;
use super::realtime::{message, reply};

/// Calls of one account at once: more than it may have under way and waiting.
const AT_ONCE: usize = 20;
/// A text that nearly fills the 64 KiB of a call's arguments.
const LONG_BYTES: usize = 60 << 10;

/// A call that a script answers soon or that is refused.
fn costly(hostile: &mut Hostile) -> Value {
    let kinds: [fn() -> Value; 10] = [
        || json!({"plugin": PLUGIN, "fn": "trim", "args": [" ".repeat(LONG_BYTES)]}),
        || json!({"plugin": PLUGIN, "fn": "trim", "args": [format!("x{}x", " ".repeat(LONG_BYTES))]}),
        || json!({"plugin": PLUGIN, "fn": "find", "args": ["a".repeat(300)]}),
        || json!({"plugin": PLUGIN, "fn": "sort", "args": [vec![7; LONG_BYTES / 2]]}),
        || json!({"plugin": PLUGIN, "fn": "echo", "args": vec!["\u{0}"; 32]}),
        || json!({"plugin": PLUGIN, "fn": "echo", "args": vec![1; 33]}),
        || json!({"plugin": PLUGIN, "fn": "echo", "args": ["x".repeat(70 << 10)]}),
        || json!({"plugin": PLUGIN, "fn": "remember", "args": ["x".repeat(15 << 10)]}),
        || json!({"plugin": "quiet", "fn": "before_enter_world", "args": [{}, {}, {}]}),
        || json!({"plugin": "../costly", "fn": "__index", "args": {"a": 1}}),
    ];
    any(&mut hostile.rng, &kinds)()
}

/// A call that ends when its time or its memory does.
fn endless(hostile: &mut Hostile) -> Value {
    json!({"plugin": PLUGIN, "fn": *any(&mut hostile.rng, &["spin", "hide", "fill", "trim"]), "args": []})
}

async fn call_all(hostile: &mut Hostile, calls: Vec<Value>) -> Responses {
    let mut responses = Responses::default();
    let calls = calls.into_iter().map(|call| hostile.call(Method::POST, "/api/v1/hooks/call", Some(call)));
    let answers = join_all(calls).await;
    responses.answers(&answers);
    for (_, answer) in answers.into_iter().flatten() {
        check(hostile, &answer["error"]);
    }
    responses
}

/// Players must not be able to switch a plugin off.
fn check(hostile: &Hostile, error: &Value) {
    if error == "plugin_off" {
        hostile.endpoints.breaches.note("players' calls have switched a plugin off".to_owned());
    }
}

pub(super) async fn many(hostile: &mut Hostile) -> Responses {
    if !hostile.is_logged_in().await {
        return Responses::default();
    }
    let calls = (0..AT_ONCE).map(|_| costly(hostile)).collect();
    call_all(hostile, calls).await
}

pub(super) async fn for_ever(hostile: &mut Hostile) -> Responses {
    if !hostile.is_logged_in().await {
        return Responses::default();
    }
    let calls = (0..3).map(|_| endless(hostile)).collect();
    call_all(hostile, calls).await
}

pub(super) async fn over_the_socket(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let version = *any(&mut hostile.rng, &["1.0.0", "2.0.0"]);
    let Some(mut socket) = hostile.realtime(version).await else { return responses };
    let topic = format!("user:{}", hostile.user_id);
    // Version 1 has the join's reference in each message alike.
    if socket.send(message(version, 1, &topic, "phx_join", &json!({}))).await.is_err() {
        return responses;
    }
    for _ in 0..AT_ONCE {
        let call = costly(hostile);
        responses.asked += 1;
        if socket.send(message(version, 1, &topic, "call_hook", &call)).await.is_err() {
            responses.ended += 1;
            return responses;
        }
    }
    // The join is answered too.
    for _ in 0..=AT_ONCE {
        match reply(&mut socket).await {
            Some((_, true, _)) => {}
            Some((_, false, response)) => {
                responses.refused += 1;
                check(hostile, &response["error"]);
            }
            None => {
                responses.ended += 1;
                return responses;
            }
        }
    }
    responses
}
