//! What is refused is counted, each refusal by its own name.

use realmgate_client::scrape::Scrape;
use realmgate_tests::{Account, Gateway, Home, SidecarProcess};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_refused_is_counted_by_its_name() {
    let sidecar = SidecarProcess::start_in(&Home::new(), &[]).await;
    let api = sidecar.api();
    let account = Account::register(&api).await;
    account.new_character(&api).await;
    let stranger = Gateway::connect(sidecar.ready.gateway_addr, "?token=nonsense", &[]).await;
    stranger.expect("the handshake is done").expect_close(1008, "Invalid token").await;
    let mut gateway = Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await;
    gateway.say_text("no json").await;
    gateway.expect_error("BAD_MESSAGE").await;
    gateway.enter(&uuid::Uuid::nil().to_string()).await;
    gateway.expect_error("CHARACTER_NOT_FOUND").await;
    gateway.close().await;

    api.post("/auth/login", account.credentials()).await.json(200);
    let wrong = json!({"username": account.username, "password": "wrong password"});
    api.post("/auth/login", wrong).await.problem(401, "INVALID_CREDENTIALS");

    let refresh = async |token: &Value| api.post("/auth/refresh", json!({"refresh_token": token})).await;
    let next = refresh(&json!(account.refresh_token)).await.json(200);
    refresh(&next["refresh_token"]).await.json(200);
    refresh(&json!(account.refresh_token)).await.problem(401, "INVALID_REFRESH_TOKEN");

    for (sample, count) in [
        ("realmgate_registrations_total", 1.0),
        ("realmgate_characters_created_total", 1.0),
        ("realmgate_characters_deleted_total", 0.0),
        ("realmgate_logins_total{kind=\"name\",result=\"ok\"}", 1.0),
        ("realmgate_logins_total{kind=\"name\",result=\"failed\"}", 1.0),
        ("realmgate_http_refusals_total{code=\"INVALID_CREDENTIALS\"}", 1.0),
        ("realmgate_http_refusals_total{code=\"INVALID_REFRESH_TOKEN\"}", 1.0),
        ("realmgate_http_refusals_total{code=\"INTERNAL\"}", 0.0),
        ("realmgate_gateway_refused_total", 1.0),
        ("realmgate_gateway_errors_total{code=\"BAD_MESSAGE\"}", 1.0),
        ("realmgate_gateway_errors_total{code=\"CHARACTER_NOT_FOUND\"}", 1.0),
        ("realmgate_refresh_reuse_total", 1.0),
    ] {
        assert_eq!(api.figure(sample).await, count, "{sample}");
    }
    // Each by its own name, and by no other.
    let figures = Scrape::of(&api.get("/metrics").await.text);
    for (name, count) in [
        ("realmgate_logins_total", 2.0),
        ("realmgate_http_refusals_total", 2.0),
        ("realmgate_gateway_errors_total", 2.0),
    ] {
        assert_eq!(figures.sum(name), Some(count), "{name}");
    }
}
