//! A sidecar that is not there yet, or away for a while.

use std::path::Path;
use std::time::Duration;

use realmgate_tests::binaries::binaries;
use realmgate_tests::process::{Process, command};
use realmgate_tests::proxy::Proxy;
use realmgate_tests::sidecar::SidecarReady;
use realmgate_tests::{Account, Api, Gateway, Home, MapServer, Settings, SidecarProcess, until};
use rustix::process::Signal;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::backend::{Backend, on_every_backend};
use crate::sidecars::Sidecars;

on_every_backend!(a_server_that_was_killed_starts_again_under_its_own_id_at_once, a_sidecar_that_is_away_is_waited_for,);

const REGISTERED: &str = "Registered with World Directory successfully!";

/// Settings of a server that joins the directory at an address.
fn joining(address: &str, home: &Home) -> Settings {
    let settings = Settings::new().set("WORLD_DIRECTORY_URL", &format!("http://{address}"));
    settings.set("SERVICE_TOKEN", &home.secret("service_token")).set("TICKET_KEY", &home.secret("ticket_key"))
}

/// A home whose secrets were made.
async fn home_with_secrets() -> Home {
    let home = Home::new();
    SidecarProcess::start_in(&home, &[]).await.stop().await;
    home
}

#[tokio::test]
async fn the_first_registration_is_tried_again_after_five_seconds() {
    let (home, way) = (Home::new(), Proxy::to(&[]).await);
    let sidecar = SidecarProcess::start_in(&home, &[]).await;
    let settings = joining(&way.address().to_string(), &home);
    let server = settings.spawn();
    until("it says that it will try again", async || {
        server.stderr().contains("registration 1 of 10 failed, next in 5 s").then_some(())
    })
    .await;
    let failed = Instant::now();
    assert!(!settings.ready_file.exists(), "it is not ready");
    way.lead_to(&[sidecar.ready.directory_addr]);
    until("it is registered", async || server.stderr().contains(REGISTERED).then_some(())).await;
    let waited = failed.elapsed();
    // The failure was seen a moment after it happened.
    assert!(waited > Duration::from_millis(4_500), "it waits before it tries again: {waited:?}");
    assert!(waited < Duration::from_millis(9_500), "not as long as after the second failure: {waited:?}");
    sidecar.directory().get("/map-registry/map/1").await.json(200);
}

#[tokio::test]
async fn a_server_that_finds_no_directory_can_be_stopped() {
    let server = joining("127.0.0.1:1", &home_with_secrets().await).spawn();
    until("it says that it will try again", async || server.stderr().contains("registration 1 of 10").then_some(()))
        .await;
    server.terminate();
    assert_eq!(server.finished().await.code, Some(0));
}

async fn a_server_that_was_killed_starts_again_under_its_own_id_at_once(backend: Backend) {
    let sidecar = Sidecars::start(backend, &[]).await;
    let home = Home::new();
    let settings = || sidecar.joining(&home).set("SERVER_ID", "one-of-its-kind");
    let server = MapServer::start_linked(&settings()).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let mut gateway = Gateway::open(sidecar.gateway(), &account.access_token).await;
    gateway.entered(&character.id).await;
    server.process.signal(Signal::KILL);
    server.process.finished().await;

    // Another port, and nobody has noticed yet that it died: its cookie says who it is.
    let settings = settings();
    let again = timeout(Duration::from_secs(20), MapServer::start_linked(&settings)).await;
    let again = again.expect("it does not wait until its old entry expires");
    assert_ne!(again.ready.game.port(), server.ready.game.port());
    let listed = sidecar.directory().get("/map-registry/servers").await.json(200);
    let listed = listed.as_array().expect("a list");
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &json!("one-of-its-kind")));
    assert_eq!(listed[0]["port"], again.ready.game.port());
    // A sidecar that has not noticed yet asks the old process first, and says that it does not answer.
    let mut gateway = Gateway::open(sidecar.gateway(), &account.access_token).await;
    until("the player is let in", async || gateway.try_enter(&character.id).await).await;
}

async fn a_sidecar_that_is_away_is_waited_for(backend: Backend) {
    let mut sidecar = Sidecars::start(backend, &[]).await;
    // Started again, it may listen elsewhere.
    let way = Proxy::to(&[sidecar.directory_addr()]).await;
    let settings = sidecar.joining(&Home::new()).set("WORLD_DIRECTORY_URL", &format!("http://{}", way.address()));
    let server = MapServer::start_linked(&settings).await;
    sidecar.stop().await;
    let admin = server.admin();
    let away =
        until("the server says so", async || Some(admin.get("/readyz").await).filter(|ready| ready.status == 503));
    assert_eq!(away.await.json(503)["map_link"], "down");
    assert_eq!(admin.get("/healthz").await.status, 200, "it plays on");

    sidecar.start_again().await;
    way.lead_to(&[sidecar.directory_addr()]);
    // Where the directory was in the sidecar's memory, the next heartbeat is answered 404, and it registers again.
    until("it is listed again", async || {
        let listed = sidecar.directory().get("/map-registry/servers").await.json(200);
        (listed[0]["linked"] == json!(true)).then_some(())
    })
    .await;
    until("it is ready again", async || (admin.get("/readyz").await.status == 200).then_some(())).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let mut gateway = Gateway::open(sidecar.gateway(), &account.access_token).await;
    gateway.entered(&character.id).await;
}

#[tokio::test]
async fn a_log_that_can_not_be_written_costs_no_answer() {
    let home = Home::new();
    let ready_file = home.path("ready.json");
    let mut serve = command(Path::new("sh"));
    serve.args(["-c", "exec \"$0\" serve 2> /dev/full"]).arg(&binaries().sidecar);
    serve.env("DATA_DIR", home.data_dir()).env("READY_FILE", &ready_file);
    serve.envs([("API_ADDR", "127.0.0.1:0"), ("DIRECTORY_ADDR", "127.0.0.1:0"), ("GATEWAY_ADDR", "127.0.0.1:0")]);
    let sidecar = Process::start(&home, serve);
    let ready: SidecarReady = until("it is up", async || {
        assert!(sidecar.is_running(), "it has ended");
        serde_json::from_slice(&std::fs::read(&ready_file).ok()?).ok()
    })
    .await;
    // Each registration is logged.
    for _ in 0..2 {
        Account::register(&Api::new(ready.api_addr)).await;
    }
    sidecar.terminate();
    assert_eq!(sidecar.finished().await.code, Some(0));
}
