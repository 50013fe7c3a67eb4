//! Plain requests over kept connections.

use anyhow::{Result, ensure};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Load, Side};
use crate::http::{self, Connection};
use crate::rounds::{Latencies, Plan, Round, measured, together};

/// Refresh tokens that are traded, each for the next.
pub struct Refreshing<'a> {
    side: &'a Side,
    tokens: Vec<String>,
}

impl<'a> Refreshing<'a> {
    /// A chain of tokens for each player.
    pub fn on(side: &'a Side) -> Self {
        Self { side, tokens: side.players.iter().map(|player| player.refresh.clone()).collect() }
    }
}

#[derive(Deserialize)]
struct Tokens {
    refresh_token: String,
}

impl Load for Refreshing<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let api = self.side.server.api;
        let clients = self.tokens.iter_mut().map(async |token| {
            let (mut connection, mut latencies) = (Connection::open(api).await?, Latencies::default());
            while Instant::now() < until {
                let request = http::post("/auth/refresh", &format!(r#"{{"refresh_token":"{token}"}}"#));
                let body = asked(&mut connection, &request, &mut latencies).await?;
                *token = serde_json::from_slice::<Tokens>(body)?.refresh_token;
            }
            anyhow::Ok(latencies)
        });
        measured(&self.side.server, together(clients)).await
    }
}

/// Players who look at their characters.
pub struct Listing<'a>(&'a Side);

impl<'a> Listing<'a> {
    /// Everybody who asks over HTTP.
    pub fn on(side: &'a Side) -> Self {
        Self(side)
    }
}

impl Load for Listing<'_> {
    async fn round(&mut self, plan: &Plan) -> Result<Round> {
        let until = Instant::now() + plan.lasts;
        let server = &self.0.server;
        let clients = self.0.players.iter().map(async |player| {
            let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
            let request = http::get("/characters", &player.token);
            while Instant::now() < until {
                let body = asked(&mut connection, &request, &mut latencies).await?;
                ensure!(memmem(body, b"\"in_world\"") == player.characters.len(), "not all characters are there");
            }
            anyhow::Ok(latencies)
        });
        measured(server, together(clients)).await
    }
}

/// How often a text occurs.
fn memmem(body: &[u8], text: &[u8]) -> usize {
    body.windows(text.len()).filter(|window| window == &text).count()
}

/// Asks, and takes the time; the body of a good answer.
pub async fn asked<'a>(connection: &'a mut Connection, request: &str, latencies: &mut Latencies) -> Result<&'a [u8]> {
    let (status, body) = latencies.time(connection.call(request)).await?;
    ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
    Ok(body)
}
