//! The door in front of other services: paths with two meanings, smuggled requests, forged users, bad tokens, and Socket.IO.

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use rand::RngExt;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::super::endpoints::ANSWER_WITHIN;
use super::super::hostile::{Hostile, Responses, Socket, any};
use super::super::raw::{Answered, send, status};
use super::super::service::{SECRET, USER};

/// Requests of one act.
const REQUESTS: usize = 10;
/// Connections of one act.
const CONNECTIONS: usize = 12;
/// Events of a flood.
const EVENTS: usize = 800;

/// Ways to a path above the service's own.
const TRICKS: [&str; 10] = [
    "/open/..",
    "/open/%2e%2e",
    "/open/.%2E",
    "/open/%252e%252e",
    "/open/%25252/%252e%252e",
    "/open/..;a",
    "/open/%2e%2e%3ba",
    "/open%2f..",
    "/open\\..",
    "//open/.",
];

/// Sends bytes over a connection of their own, and waits for the status.
async fn ask(hostile: &Hostile, bytes: &[u8]) -> Option<Answered> {
    let mut stream = hostile.connect(hostile.endpoints.door).await?;
    send(&mut stream, bytes).await;
    Some(status(&mut stream, ANSWER_WITHIN * 2).await)
}

pub(super) async fn paths(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..REQUESTS {
        let path = format!("{}{SECRET}", any(&mut hostile.rng, &TRICKS));
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let Some(answered) = ask(hostile, request.as_bytes()).await else { continue };
        responses.raw_answer(answered);
        let breaches = &hostile.endpoints.breaches;
        breaches.check_answer(&path, answered);
        if matches!(answered, Answered::Status(200..=299)) {
            breaches.note(format!("{path} was answered by the service"));
        }
    }
    responses
}

pub(super) async fn smuggled(hostile: &mut Hostile) -> Responses {
    let hidden = format!("GET {SECRET} HTTP/1.1\r\nHost: a\r\n\r\n");
    let (length, chunk) = (hidden.len(), format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()));
    let heads = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{chunk}"),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("Content-Length: +{length}\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"),
        format!("Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("X: y\r\n Content-Length: {length}\r\n\r\n{hidden}"),
    ];
    let mut responses = Responses::default();
    for _ in 0..REQUESTS {
        // What follows the first request is one of the client's own, below `/secret` of no service.
        let request = format!("POST /open/x HTTP/1.1\r\nHost: a\r\n{}", any(&mut hostile.rng, &heads));
        let Some(answered) = ask(hostile, request.as_bytes()).await else { continue };
        responses.raw_answer(answered);
        hostile.endpoints.breaches.check_answer("a request with two lengths", answered);
    }
    responses
}

pub(super) async fn forged_users(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let spellings =
        ["x-user-id", "X-USER-ID", "x_user_id", "X-User_Id", "x-user.id", "Connection: x-user-id\r\nX-User-Id"];
    for _ in 0..REQUESTS {
        let has_token = hostile.rng.random();
        let (name, path) = (any(&mut hostile.rng, &spellings), if has_token { "/shop/x" } else { "/open/x" });
        let token = if has_token { format!("Authorization: Bearer {}\r\n", hostile.access) } else { String::new() };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{token}{name}: forged\r\n{name}: twice\r\n\r\n"
        );
        let Some(mut stream) = hostile.connect(hostile.endpoints.door).await else { continue };
        send(&mut stream, request.as_bytes()).await;
        let Some(answer) = super::super::raw::whole(&mut stream).await else { continue };
        responses.asked += 1;
        let expected = if has_token { json!({"user": hostile.user_id}) } else { json!({"user": null}) };
        let is_right = answer.ends_with(&expected.to_string());
        // The limit of requests refuses some.
        responses.refused += u64::from(answer.starts_with("HTTP/1.1 429"));
        if answer.starts_with("HTTP/1.1 2") && !is_right {
            hostile.endpoints.breaches.note(format!("{USER} as {name}: {answer}"));
        }
    }
    responses
}

pub(super) async fn bad_tokens(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let ended = hostile.end_log_in().await.unwrap_or_default();
    let cut = hostile.access.get(..hostile.access.len().saturating_sub(2)).unwrap_or_default().to_owned();
    let tokens = [String::new(), "a.b.c".to_owned(), ended, cut, "x".repeat(8_000)];
    for token in tokens {
        let request =
            format!("GET /shop/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
        let Some(answered) = ask(hostile, request.as_bytes()).await else { continue };
        responses.raw_answer(answered);
        hostile.endpoints.breaches.check_answer("/shop/x", answered);
        if matches!(answered, Answered::Status(200..=399)) {
            hostile.endpoints.breaches.note(format!("a bad token passed the door: {answered:?}"));
        }
    }
    responses
}

pub(super) async fn half_bodies(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let heads = [
        "Content-Length: 1000000\r\n\r\nx",
        "Transfer-Encoding: chunked\r\n\r\n1000\r\nx",
        "Content-Length: 99999999999\r\n\r\n",
    ];
    let sent = (0..CONNECTIONS).map(|number| {
        let (hostile, request) =
            (&*hostile, format!("POST /open/x HTTP/1.1\r\nHost: a\r\n{}", heads[number % heads.len()]));
        async move { ask(hostile, request.as_bytes()).await }
    });
    for answered in join_all(sent).await.into_iter().flatten() {
        responses.raw_answer(answered);
        hostile.endpoints.breaches.check_answer("half a body at the door", answered);
        if answered == Answered::Nothing {
            hostile.endpoints.breaches.note("half a body at the door is waited for without end".to_owned());
        }
    }
    responses
}

/// A connection of Engine.IO over a WebSocket.
async fn engine(hostile: &Hostile) -> Option<Socket> {
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", hostile.endpoints.door);
    let stream = hostile.connect(hostile.endpoints.door).await?;
    let request = url.into_client_request().ok()?;
    Some(timeout(ANSWER_WITHIN, client_async(request, stream)).await.ok()?.ok()?.0)
}

pub(super) async fn socketio(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let Some(socket) = engine(hostile).await else { return responses };
    let join = format!("40/shop,{}", json!({"token": hostile.access, "userId": "forged", "sid": "forged"}));
    let noise = [
        "4",
        "4/",
        "49",
        "451-/shop,[\"x\"]",
        "4599-/shop,[]",
        "42/shop,[\"who\"]",
        "43/shop,1[]",
        "40/none,{}",
        "40/shop,[",
        "41/shop,",
        "44/shop,{}",
        "7",
        "",
    ];
    let mut sent = vec![join];
    let is_flood = hostile.rng.random();
    let count = if is_flood { EVENTS } else { REQUESTS };
    for _ in 0..count {
        sent.push(if is_flood { "42/shop,[\"who\"]".to_owned() } else { (*any(&mut hostile.rng, &noise)).to_owned() });
    }
    let (mut out, mut received) = socket.split();
    let user = format!("42/shop,[\"user\",\"{}\"]", hostile.user_id);
    let breaches = hostile.endpoints.breaches.clone();
    let reads = async {
        let (mut refused, mut ended) = (0, false);
        while let Ok(next) = timeout(ANSWER_WITHIN / 2, received.next()).await {
            let Some(Ok(message)) = next else {
                ended = true;
                break;
            };
            let Message::Text(text) = message else { continue };
            refused += u64::from(text.starts_with("44"));
            if text.starts_with("42/shop,[\"user\"") && text.as_str() != user {
                breaches.note(format!("an event of another user: {text}"));
            }
        }
        (refused, ended)
    };
    let writes = async {
        let mut asked = 0;
        for text in sent {
            asked += 1;
            if out.send(Message::text(text)).await.is_err() {
                break;
            }
        }
        asked
    };
    let ((refused, ended), asked) = tokio::join!(reads, writes);
    responses.asked += asked;
    responses.refused += refused;
    responses.ended += u64::from(ended);
    responses
}
