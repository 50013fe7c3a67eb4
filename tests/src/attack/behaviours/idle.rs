//! Connections from many addresses that say half a request and wait.

use std::time::Duration;

use rand::RngExt;
use tokio::io::AsyncWriteExt;

use super::super::endpoints::{Endpoints, pause};
use super::super::hostile::{Hostile, Responses};

const CONNECTIONS: usize = 16;

pub(super) async fn idle(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let from = hostile.any_source();
        let to = if hostile.rng.random() { hostile.endpoints.api } else { hostile.endpoints.gateway };
        responses.asked += 1;
        let Some(mut stream) = Endpoints::connect(from, to).await else {
            responses.refused += 1;
            continue;
        };
        // The server may have closed it at once.
        let _ = stream.write_all(b"GET /ws HTTP/1.1\r\nhost: a\r\nx-slow: ").await;
        open.push(stream);
    }
    pause(Duration::from_secs(5)).await;
    responses
}
