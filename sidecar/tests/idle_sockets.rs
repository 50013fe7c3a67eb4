//! Memory of an idle gateway socket. This is its own test binary, since it measures the whole process.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

#[expect(dead_code, reason = "the API's tests use the rest")]
mod testing;

use std::net::SocketAddr;

use realmgate_protocol::ids::AccountId;
use realmgate_sidecar::AppState;
use realmgate_sidecar::store::accounts::NewAccount;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use testing::TestApp;

/// Sockets that are opened before measuring, so that one-time allocations do not count.
const WARM: usize = 100;
const WEIGHED: usize = 800;
/// Maximum number of bytes per socket, including the client's end in the same process.
const MOST: u64 = 30 * 1_024;
/// Less than a socket's buffers alone: where it is not more, nothing was measured.
const LEAST: u64 = 1_024;

/// An access token of a new account, whose password is never needed.
async fn token(state: &AppState, number: usize) -> String {
    let (account, session) = (AccountId::from(Uuid::now_v7()), Uuid::now_v7());
    let name = format!("player{number}");
    let new = NewAccount::plain(account, &name, &name);
    assert!(state.store.accounts.create_with_password(new).await.unwrap());
    let refresh = state.tokens.mint_refresh().unwrap();
    state.store.sessions.open(session, account, refresh.row()).await.unwrap();
    state.world.accounts.logged_in(account, session).await.unwrap();
    state.tokens.mint_access(account, session, 0).unwrap().0
}

/// Opens a socket by hand, since the buffers of a client library are not the server's.
async fn open(gateway: SocketAddr, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {gateway}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(20).any(|window| window == b"Connected to Gateway") {
        let mut part = [0; 1_024];
        let read = stream.read(&mut part).await.unwrap();
        assert_ne!(read, 0, "closed: {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..read]);
    }
    stream
}

/// The process's memory in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4_096
}

#[tokio::test]
async fn it_is_small() {
    let app = TestApp::start().await;
    let (state, gateway) = (app.state(), app.state().addrs.gateway);
    let mut tokens = Vec::new();
    for number in 0..WARM + WEIGHED {
        tokens.push(token(state, number).await);
    }
    let mut sockets = Vec::new();
    let mut before = 0;
    for (number, token) in tokens.iter().enumerate() {
        if number == WARM {
            before = resident();
        }
        sockets.push(open(gateway, token).await);
    }
    assert_eq!(state.sockets.count(), WARM + WEIGHED, "all of them are open");
    let each = resident().saturating_sub(before) / WEIGHED as u64;
    println!("{each} bytes for each idle gateway socket");
    assert!(LEAST < each && each < MOST, "{each} bytes for each");
}

realmgate_services::reaper!();
