//! The gateway's socket: how it is opened, by whom, and how it is closed.

use realmgate_tests::{Account, Gateway, SidecarProcess, until};
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::servers::{map_server, sidecar};

#[tokio::test]
async fn a_socket_is_welcomed_and_the_log_says_so() {
    let server = map_server().await;
    let account = Account::register(&server.api()).await;
    let mut gateway =
        Gateway::connect(server.gateway(), &format!("?token={}", account.access_token), &[]).await.unwrap();
    let welcome = gateway.expect("welcome").await;
    assert_eq!(welcome["message"], "Connected to Gateway");
    let line = format!("User {} connected", account.user_id);
    until("the terminal says who has connected", async || server.process.stderr().contains(&line).then_some(())).await;
    let log = server.folder().join("map_server.log");
    until("the log file says it too", async || std::fs::read_to_string(&log).ok().filter(|log| log.contains(&line)))
        .await;
    gateway.close().await;
}

#[tokio::test]
async fn a_token_may_be_shown_in_three_ways() {
    let sidecar = sidecar().await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.ready.gateway_addr, &account.access_token);
    let header = format!("Bearer {token}");
    let pair = format!("bearer, {token}");

    let mut by_query = Gateway::connect(address, &format!("?token={token}"), &[]).await.unwrap();
    by_query.expect("welcome").await;
    let mut by_header = Gateway::connect(address, "", &[("authorization", &header)]).await.unwrap();
    by_header.expect("welcome").await;
    let mut by_subprotocol = Gateway::connect(address, "", &[("sec-websocket-protocol", &pair)]).await.unwrap();
    by_subprotocol.expect("welcome").await;
    let chosen = by_subprotocol.handshake.headers().get("sec-websocket-protocol");
    assert_eq!(chosen.and_then(|name| name.to_str().ok()), Some("bearer"), "the token is not sent back");
}

#[tokio::test]
async fn a_bad_token_is_told_after_the_handshake() {
    let sidecar = sidecar().await;
    for query in ["", "?token=", "?token=nonsense", "?token=a.b.c", "?other=1"] {
        let mut gateway =
            Gateway::connect(sidecar.ready.gateway_addr, query, &[]).await.expect("the handshake is done");
        gateway.expect_close(1008, "Invalid token").await;
    }
}

#[tokio::test]
async fn a_token_that_was_logged_out_is_no_good_any_more() {
    let sidecar = sidecar().await;
    let account = Account::register(&sidecar.api()).await;
    let mut open = Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await;
    account.calls(&sidecar.api()).post("/auth/logout", json!({})).await.json(204);
    open.expect_close_code(1000).await;
    let query = format!("?token={}", account.access_token);
    let mut late = Gateway::connect(sidecar.ready.gateway_addr, &query, &[]).await.unwrap();
    late.expect_close(1008, "Invalid token").await;
}

#[tokio::test]
async fn an_expired_token_is_no_good_any_more() {
    let sidecar = SidecarProcess::start(&[("ACCESS_TOKEN_SECONDS", "1")]).await;
    let account = Account::register(&sidecar.api()).await;
    let api = account.calls(&sidecar.api());
    until("the token has expired", async || (api.get("/characters").await.status == 401).then_some(())).await;
    let query = format!("?token={}", account.access_token);
    let mut late = Gateway::connect(sidecar.ready.gateway_addr, &query, &[]).await.unwrap();
    late.expect_close(1008, "Invalid token").await;
}

#[tokio::test]
async fn tokens_in_the_query_can_be_turned_off() {
    let sidecar = SidecarProcess::start(&[("GATEWAY_QUERY_TOKEN", "false")]).await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.ready.gateway_addr;
    let query = format!("?token={}", account.access_token);
    Gateway::connect(address, &query, &[]).await.unwrap().expect_close(1008, "Invalid token").await;
    let header = format!("Bearer {}", account.access_token);
    let mut by_header = Gateway::connect(address, "", &[("authorization", &header)]).await.unwrap();
    by_header.expect("welcome").await;
}

#[tokio::test]
async fn a_newer_socket_replaces_the_older() {
    let sidecar = sidecar().await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.ready.gateway_addr;
    let mut older = Gateway::open(address, &account.access_token).await;
    let newer = Gateway::open(address, &account.access_token).await;
    older.expect_close(4001, "Replaced").await;
    newer.close().await;
}

#[tokio::test]
async fn a_bad_token_replaces_nobody() {
    let sidecar = sidecar().await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.ready.gateway_addr;
    let mut open = Gateway::open(address, &account.access_token).await;
    let query = format!("?token={}x", account.access_token);
    Gateway::connect(address, &query, &[]).await.unwrap().expect_close(1008, "Invalid token").await;
    open.say(&json!({"event": "dance"})).await;
    open.expect_error("BAD_MESSAGE").await;
}

async fn knock(address: std::net::SocketAddr, token: &str, origin: &str) -> Result<Gateway, Error> {
    Gateway::connect(address, &format!("?token={token}"), &[("origin", origin)]).await
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let sidecar = sidecar().await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.ready.gateway_addr, &account.access_token);
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        match knock(address, token, origin).await {
            Err(Error::Http(refusal)) => assert_eq!(refusal.status(), 403, "{origin}"),
            other => panic!("{origin} is refused, not {other:?}"),
        }
    }
    for origin in ["http://localhost:8080", "http://127.0.0.1"] {
        knock(address, token, origin).await.unwrap().expect("welcome").await;
    }
}

#[tokio::test]
async fn allowed_origins_are_those_of_the_setting() {
    let sidecar = SidecarProcess::start(&[("ALLOWED_ORIGINS", "https://play.example,https://dev.example:8443")]).await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.ready.gateway_addr, &account.access_token);
    for origin in ["https://play.example", "https://dev.example:8443"] {
        knock(address, token, origin).await.unwrap().expect("welcome").await;
    }
    for origin in ["http://localhost", "https://dev.example"] {
        assert!(matches!(knock(address, token, origin).await, Err(Error::Http(_))), "{origin}");
    }
    // A native client says nothing of an origin.
    Gateway::open(address, token).await.close().await;
}
