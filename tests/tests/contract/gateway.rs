//! The gateway's socket: how it is opened, by whom, and how it is closed.

use realmgate_tests::{Account, Gateway, until};
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::backend::{Backend, on_every_backend};
use crate::servers::sidecar;
use crate::sidecars::Sidecars;

on_every_backend!(
    a_socket_is_welcomed_and_the_log_says_so,
    a_token_may_be_shown_in_three_ways,
    a_bad_token_is_told_after_the_handshake,
    a_token_that_was_logged_out_is_no_good_any_more,
    an_expired_token_is_no_good_any_more,
    tokens_in_the_query_can_be_turned_off,
    a_newer_socket_replaces_the_older,
    a_bad_token_replaces_nobody,
    pages_of_other_origins_are_refused,
    allowed_origins_are_those_of_the_setting,
);

async fn a_socket_is_welcomed_and_the_log_says_so(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let query = format!("?token={}", account.access_token);
    let mut gateway = Gateway::connect(sidecar.gateway(), &query, &[]).await.expect("the handshake is done");
    let welcome = gateway.expect("welcome").await;
    assert_eq!(welcome["message"], "Connected to Gateway");
    assert_eq!(welcome["user_id"], account.user_id.as_str());
    let line = format!("User {} connected", account.user_id);
    until("the log says who has connected", async || sidecar.has_logged(&line).then_some(())).await;
    gateway.close().await;
}

async fn a_token_may_be_shown_in_three_ways(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.gateway(), &account.access_token);
    let header = format!("Bearer {token}");
    let pair = format!("bearer, {token}");

    let mut by_query = Gateway::connect(address, &format!("?token={token}"), &[]).await.expect("the handshake is done");
    by_query.expect("welcome").await;
    let mut by_header =
        Gateway::connect(address, "", &[("authorization", &header)]).await.expect("the handshake is done");
    by_header.expect("welcome").await;
    let mut by_subprotocol =
        Gateway::connect(address, "", &[("sec-websocket-protocol", &pair)]).await.expect("the handshake is done");
    by_subprotocol.expect("welcome").await;
    let chosen = by_subprotocol.handshake.headers().get("sec-websocket-protocol");
    assert_eq!(chosen.and_then(|name| name.to_str().ok()), Some("bearer"), "the token is not sent back");
}

async fn a_bad_token_is_told_after_the_handshake(backend: Backend) {
    let sidecar = sidecar(backend).await;
    for query in ["", "?token=", "?token=nonsense", "?token=a.b.c", "?other=1"] {
        let mut gateway = Gateway::connect(sidecar.gateway(), query, &[]).await.expect("the handshake is done");
        gateway.expect_close(1008, "Invalid token").await;
    }
    for header in [("authorization", "Bearer nonsense"), ("sec-websocket-protocol", "bearer, nonsense")] {
        let mut gateway = Gateway::connect(sidecar.gateway(), "", &[header]).await.expect("the handshake is done");
        gateway.expect_close(1008, "Invalid token").await;
    }
}

async fn a_token_that_was_logged_out_is_no_good_any_more(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let mut open = Gateway::open(sidecar.gateway(), &account.access_token).await;
    account.calls(&sidecar.api()).post("/auth/logout", json!({})).await.json(204);
    open.expect_close_code(1000).await;
    let query = format!("?token={}", account.access_token);
    let mut late = Gateway::connect(sidecar.gateway(), &query, &[]).await.expect("the handshake is done");
    late.expect_close(1008, "Invalid token").await;
}

async fn an_expired_token_is_no_good_any_more(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("ACCESS_TOKEN_SECONDS", "4")]).await;
    let account = Account::register(&sidecar.api()).await;
    Gateway::open(sidecar.gateway(), &account.access_token).await.close().await;
    let api = account.calls(&sidecar.api());
    until("the token has expired", async || (api.get("/characters").await.status == 401).then_some(())).await;
    let query = format!("?token={}", account.access_token);
    let mut late = Gateway::connect(sidecar.gateway(), &query, &[]).await.expect("the handshake is done");
    late.expect_close(1008, "Invalid token").await;
}

async fn tokens_in_the_query_can_be_turned_off(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[("GATEWAY_QUERY_TOKEN", "false")]).await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.gateway();
    let query = format!("?token={}", account.access_token);
    Gateway::connect(address, &query, &[])
        .await
        .expect("the handshake is done")
        .expect_close(1008, "Invalid token")
        .await;
    let (header, pair) = (format!("Bearer {}", account.access_token), format!("bearer, {}", account.access_token));
    for header in [("authorization", header.as_str()), ("sec-websocket-protocol", &pair)] {
        let mut gateway = Gateway::connect(address, "", &[header]).await.expect("the handshake is done");
        gateway.expect("welcome").await;
    }
}

async fn a_newer_socket_replaces_the_older(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.gateway();
    let mut older = Gateway::open(address, &account.access_token).await;
    let mut newer = Gateway::open(address, &account.access_token).await;
    older.expect_close(4001, "Replaced").await;
    newer.say(&json!({"event": "dance"})).await;
    newer.expect_error("BAD_MESSAGE").await;
}

async fn a_bad_token_replaces_nobody(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let address = sidecar.gateway();
    let mut open = Gateway::open(address, &account.access_token).await;
    let query = format!("?token={}x", account.access_token);
    Gateway::connect(address, &query, &[])
        .await
        .expect("the handshake is done")
        .expect_close(1008, "Invalid token")
        .await;
    open.say(&json!({"event": "dance"})).await;
    open.expect_error("BAD_MESSAGE").await;
}

async fn knock(address: std::net::SocketAddr, token: &str, origin: &str) -> Result<Gateway, Error> {
    Gateway::connect(address, &format!("?token={token}"), &[("origin", origin)]).await
}

#[track_caller]
fn assert_refused(knocked: Result<Gateway, Error>, origin: &str) {
    match knocked {
        Err(Error::Http(refusal)) => assert_eq!(refusal.status(), 403, "{origin}"),
        other => panic!("{origin} is refused, not {other:?}"),
    }
}

async fn pages_of_other_origins_are_refused(backend: Backend) {
    let sidecar = sidecar(backend).await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.gateway(), &account.access_token);
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        assert_refused(knock(address, token, origin).await, origin);
    }
    for origin in ["http://localhost:8080", "http://127.0.0.1"] {
        knock(address, token, origin).await.expect("the handshake is done").expect("welcome").await;
    }
}

async fn allowed_origins_are_those_of_the_setting(backend: Backend) {
    let sidecar =
        Sidecars::start(backend, &[("ALLOWED_ORIGINS", "https://play.example,https://dev.example:8443")]).await;
    let account = Account::register(&sidecar.api()).await;
    let (address, token) = (sidecar.gateway(), &account.access_token);
    for origin in ["https://play.example", "https://dev.example:8443"] {
        knock(address, token, origin).await.expect("the handshake is done").expect("welcome").await;
    }
    for origin in ["http://localhost", "https://dev.example", "http://play.example"] {
        assert_refused(knock(address, token, origin).await, origin);
    }
    // A native client says nothing of an origin.
    Gateway::open(address, token).await.close().await;
}
