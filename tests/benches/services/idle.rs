//! What an idle gateway socket costs in memory.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::try_join_all;
use realmgate_tests::Api;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::databases::Base;
use crate::report::Report;
use crate::rounds::Plan;
use crate::seed;
use crate::server::Server;

/// Sockets that are open before the weighing, so that what is made once is not weighed.
const WARM: usize = 200;
/// Sockets that are opened at the same time.
const AT_ONCE: usize = 32;
/// A masked pong without a payload.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Opens them all, and weighs the sidecar before and after.
pub async fn weigh(plan: &Plan, report: &mut Report) -> Result<()> {
    let base = Base::create(None, "idle").await?;
    let players = seed::players(&base, WARM + plan.sockets, 0).await?;
    let server = Server::sidecar(&base).await?;
    let (warm, weighed) = players.split_at(WARM);
    open_all(server.gateway, warm).await?;
    let before = server.resident()?;
    open_all(server.gateway, weighed).await?;
    let after = server.resident()?;
    let token = base.home.secret("service_token");
    let open = Api::new(server.directory).with_token(&token).figure("realmgate_gateway_sockets").await;
    ensure!(open == players.len() as f64, "{open} sockets are open{}", server.told());
    let kib = after.saturating_sub(before) as f64 / 1_024.0 / weighed.len() as f64;
    report
        .part("idle_sockets", json!({"sockets": weighed.len(), "kib_per_socket": kib, "resident_kib": after / 1_024}));
    report.line(format!(
        "{} idle gateway sockets on one replica: **{kib:.1} KiB** of resident memory each (bar: under 30 KB), {} MiB in all.",
        weighed.len(),
        after / (1_024 * 1_024)
    ));
    Ok(())
}

async fn open_all(gateway: SocketAddr, players: &[seed::Player]) -> Result<()> {
    for players in players.chunks(AT_ONCE) {
        try_join_all(players.iter().map(|player| open(gateway, &player.token))).await?;
    }
    Ok(())
}

/// Opens a socket, takes its welcome, and leaves it to a task that answers pings.
async fn open(gateway: SocketAddr, token: &str) -> Result<()> {
    let mut stream = TcpStream::connect(gateway).await?;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {gateway}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut heard = Vec::new();
    while !heard.windows(20).any(|window| window == b"Connected to Gateway") {
        if stream.read_buf(&mut heard).await.context("no welcome")? == 0 {
            bail!("closed: {}", String::from_utf8_lossy(&heard));
        }
    }
    tokio::spawn(async move {
        let mut ping = [0; 64];
        while stream.read(&mut ping).await.is_ok_and(|read| read > 0) {
            // It is gone when the next read says so.
            let _ = stream.write_all(&PONG).await;
        }
    });
    Ok(())
}
