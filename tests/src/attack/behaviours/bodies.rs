//! Bodies that are announced, begun and never ended.

use futures_util::future::join_all;

use super::super::endpoints::ANSWER_WITHIN;
use super::super::hostile::{Hostile, Responses};
use super::super::raw::{Answered, send, status};

/// Connections of one act.
const CONNECTIONS: usize = 12;

pub(super) async fn half(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let head = |path: &str, rest: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{rest}\r\n\r\n").into_bytes()
    };
    let token = format!("Authorization: Bearer {}\r\n", hostile.access);
    let (much, little) = (vec![b' '; 100_000], vec![b' '; 8_000]);
    let kinds = [
        [head("/api/v1/lobbies", &format!("{token}Content-Length: 131072")), much.clone()].concat(),
        [head("/api/v1/hooks/call", &format!("{token}Content-Length: 131072")), much].concat(),
        [head("/api/v1/login", "Content-Length: 16384"), little.clone()].concat(),
        [head("/auth/login", "Content-Length: 16384"), little].concat(),
        head("/auth/login", "Content-Length: 10737418240"),
        [head("/auth/login", "Transfer-Encoding: chunked"), b"1000\r\n{".to_vec()].concat(),
    ];
    let sent = (0..CONNECTIONS).map(|number| {
        let (hostile, kind) = (&*hostile, number % kinds.len());
        let request = &kinds[kind];
        async move {
            let mut stream = hostile.connect(hostile.endpoints.api).await?;
            // The server may answer before all of it has come, and close.
            send(&mut stream, request).await;
            Some((kind, status(&mut stream, ANSWER_WITHIN * 2).await))
        }
    });
    for (kind, answered) in join_all(sent).await.into_iter().flatten() {
        responses.raw_answer(answered);
        let breaches = &hostile.endpoints.breaches;
        breaches.check_answer(&format!("half a body of kind {kind}"), answered);
        if answered == Answered::Nothing {
            breaches.note(format!("half a body of kind {kind} is waited for without end"));
        }
    }
    responses
}
