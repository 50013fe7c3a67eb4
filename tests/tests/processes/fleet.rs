//! The server manager with the real map server: started when a player wants in, stopped when it stands empty, gone when
//! the sidecar is gone.

use std::path::PathBuf;
use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_protocol::link::LeaveReason;
use realmgate_tests::binaries::binaries;
use realmgate_tests::process::is_alive;
use realmgate_tests::wait::{PATIENCE, until, until_within};
use realmgate_tests::{Account, Database, Gateway, SidecarProcess};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const MAP_SERVER: &str = "map-server-1-gateway-1-1";
const SECOND: &str = "map-server-1-gateway-1-2";

/// A sidecar that starts its map servers itself, with these settings besides.
async fn sidecar(settings: &[(&str, &str)]) -> SidecarProcess {
    let binary = binaries().start_server.to_str().expect("a path of text").to_owned();
    // Test machines are busy: a start may take longer than players would wait.
    let local = [("SERVER_MANAGER", "local"), ("SERVER_MANAGER_BINARY", &binary), ("SERVER_MANAGER_WAIT_S", "18")];
    SidecarProcess::start(&[&local, settings].concat()).await
}

/// A socket of a new account, and its character.
async fn player(sidecar: &SidecarProcess) -> (Gateway, String) {
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await.id;
    (Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await, character)
}

fn ready_file(sidecar: &SidecarProcess, server: &str) -> PathBuf {
    sidecar.home.data_dir().join(server).join("ready.json")
}

/// The process of a map server, by its ready file.
fn pid(sidecar: &SidecarProcess, server: &str) -> u32 {
    let text = std::fs::read(ready_file(sidecar, server)).expect("it is up");
    let ready: Value = serde_json::from_slice(&text).expect("JSON");
    ready["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("a process id")
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process id");
    kill_process(pid, Signal::KILL).expect("it runs");
}

async fn gone(pid: u32) {
    until_within("the map server is gone", PATIENCE * 2, async || (!is_alive(pid)).then_some(())).await;
}

#[tokio::test]
async fn a_map_that_nobody_hosts_is_started_and_stopped_when_it_stands_empty() {
    let sidecar = sidecar(&[("SERVER_MANAGER_IDLE_S", "2"), ("SERVER_MANAGER_SET", "GAME_ADDR=127.0.0.1")]).await;
    assert_eq!(sidecar.directory().get("/map-registry/servers").await.json(200), Value::Array(Vec::new()));
    let api = Api::new(&format!("http://{}", sidecar.ready.api_addr));
    let tokens = api.register("walker", "correct horse battery").await.expect("an account");
    let classes = api.classes().await.expect("classes");
    let character = api.create_character(&tokens.access_token, "Walker", &classes[0].id).await.expect("a character");
    let gateway = format!("ws://{}", sidecar.ready.gateway_addr);
    let mut entry = Entry::new(&gateway, &tokens.access_token, &character.id);
    let mut client = entry.enter(None, &Setup::new(Clock::start())).await.expect("in the world");
    let map_server = pid(&sidecar, MAP_SERVER);

    let database = Database::open(&sidecar.home).await;
    assert_eq!(database.character(&character.id).await.lock_owner, format!("map:{MAP_SERVER}"));
    // Longer than it may stand empty: somebody is there.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::time::Instant::now() < deadline {
        client.tick().await.expect("the connection holds");
    }
    assert!(is_alive(map_server), "who is in the world keeps it");
    assert_eq!(client.log_out().await.left, Some(LeaveReason::Logout));
    gone(map_server).await;
    assert!(!ready_file(&sidecar, MAP_SERVER).exists(), "it was drained, not killed");
    assert_eq!(sidecar.directory().get("/map-registry/servers").await.json(200), Value::Array(Vec::new()));
    let figures = sidecar.api().get("/metrics").await.text;
    assert!(figures.contains(r#"realmgate_fleet_stops_total{reason="idle"} 1"#), "{figures}");

    let client = entry.enter(None, &Setup::new(Clock::start())).await.expect("in the world again");
    let map_server = pid(&sidecar, MAP_SERVER);
    drop(client);
    sidecar.stop().await;
    assert!(!is_alive(map_server), "it ends with the sidecar");
    assert_eq!(database.character(&character.id).await.lock_owner, "none", "and has let everybody go");
}

#[tokio::test]
async fn a_crashed_map_server_is_started_again_for_who_comes_next() {
    let sidecar = sidecar(&[]).await;
    let (mut gateway, character) = player(&sidecar).await;
    gateway.entered(&character).await;
    let first = pid(&sidecar, MAP_SERVER);
    kill(first);
    let listed = async || sidecar.directory().get("/map-registry/servers").await.json(200);
    until("the dead one is off the list", async || (listed().await == Value::Array(Vec::new())).then_some(())).await;
    let again = gateway.entered(&character).await;
    assert_eq!(again["server_id"], MAP_SERVER);
    let second = pid(&sidecar, MAP_SERVER);
    assert_ne!(first, second);

    // A sidecar that is killed cannot end anybody: they notice by themselves.
    kill(sidecar.process.pid());
    gone(second).await;
}

#[tokio::test]
async fn full_servers_get_company_up_to_the_limit() {
    let sidecar = sidecar(&[("SERVER_MANAGER_MAX", "2"), ("SERVER_MANAGER_SET", "MAX_PLAYERS=1")]).await;
    let mut players = Vec::new();
    for _ in 0..3 {
        players.push(player(&sidecar).await);
    }
    let mut servers = Vec::new();
    for (gateway, character) in &mut players[..2] {
        servers.push(gateway.entered(character).await["server_id"].clone());
    }
    assert_eq!(servers, [MAP_SERVER, SECOND]);
    let (gateway, character) = &mut players[2];
    gateway.enter(character).await;
    gateway.expect_error("MAP_FULL").await;
    sidecar.stop().await;
}

#[tokio::test]
async fn a_program_that_can_not_start_is_told_to_the_operator_and_keeps_nobody_waiting() {
    // Who waited for one would wait for longer than a test does.
    let sidecar = sidecar(&[("SERVER_MANAGER_SET", "SERVER_IP=nowhere"), ("SERVER_MANAGER_WAIT_S", "60")]).await;
    let (mut gateway, character) = player(&sidecar).await;
    gateway.enter(&character).await;
    gateway.expect_error("MAP_NOT_FOUND").await;
    let told = sidecar.process.stderr();
    assert!(told.contains("SERVER_IP") || told.contains("--server-ip"), "{told}");
}
