//! `start_server` while it runs: what it logs, writes and registers, and how it ends.

use std::fs;
use std::net::UdpSocket;

use realmgate_protocol::link::LeaveReason;
use realmgate_services::free_port;
use realmgate_tests::home::read;
use realmgate_tests::{Account, Api, Gateway, Home, InWorld, MapServer, Settings, SidecarProcess, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::backend::Backend;
use crate::servers::world;

const REGISTERED: &str = "Registered with World Directory successfully!";

#[tokio::test]
async fn the_log_goes_to_the_terminal_and_to_the_file() {
    let world = world(Backend::Sqlite).await;
    let server = &world.server;
    assert!(server.process.stderr().contains(REGISTERED));
    assert!(read(&server.folder().join("map_server.log")).contains(REGISTERED));
    // The sidecar starts before the server knows its folder.
    let early = "the sidecar is up";
    assert!(server.process.stderr().contains(early));
    assert!(read(&server.folder().join("map_server.log")).contains(early), "what was logged before the file was open");
    assert!(server.process.stdout().contains("bot"), "it says how to send in a bot");

    let account = Account::register(&server.api()).await;
    let gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let line = format!("User {} connected", account.user_id);
    until("the terminal says who has connected", async || server.process.stderr().contains(&line).then_some(())).await;
    let log = server.folder().join("map_server.log");
    until("the log file says it too", async || read(&log).contains(&line).then_some(())).await;
    gateway.close().await;
}

#[tokio::test]
async fn logs_can_be_json() {
    let server = MapServer::start(&Settings::new().argument("--log-format").argument("json")).await;
    for log in [read(&server.folder().join("map_server.log")), server.process.stderr()] {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let lines: Vec<Value> = log.lines().map(parse).collect();
        let said = lines.iter().filter(|line| line["fields"]["message"] == REGISTERED).count();
        assert_eq!(said, 1, "{log}");
    }
}

#[tokio::test]
async fn ready_json_says_where_everything_is_and_goes_with_the_server() {
    let server = MapServer::start(&Settings::new()).await;
    let file = server.folder().join("ready.json");
    let ready: Value = serde_json::from_str(&read(&file)).expect("JSON");
    assert_eq!(ready, serde_json::from_str::<Value>(&read(&server.settings.ready_file)).unwrap(), "--ready-file");
    assert_eq!(ready["pid"], server.process.pid());
    assert_eq!(server.ready.server_id, "map-server-1");
    assert!(server.ready.maps.contains(&1) && server.ready.maps.contains(&2), "all maps that portals lead to");
    assert_ne!(server.ready.game.port(), 0);
    assert!(UdpSocket::bind(server.ready.game).is_err(), "players are listened to there");
    server.api().get("/healthz").await.json(200);
    server.directory().get("/map-registry/servers").await.json(200);
    until("it is healthy", async || (server.admin().get("/healthz").await.status == 200).then_some(())).await;
    Api::new(server.gateway()).get("/no-such-route").await.problem(404, "NOT_FOUND");
    let (folder, second) = (file, server.settings.ready_file.clone());
    server.stop().await;
    assert!(!folder.exists() && !second.exists(), "removed at exit");
}

#[tokio::test]
async fn the_health_port_proves_that_ticks_advance() {
    let world = world(Backend::Sqlite).await;
    let server = &world.server;
    let admin = server.admin();
    let ticks = async || admin.get("/healthz").await.json(200)["ticks"].as_u64().expect("a count");
    let before = ticks().await;
    until("ticks have advanced", async || (ticks().await > before + 10).then_some(())).await;
    admin.get("/readyz").await.json(200);
    for metrics in [admin.get("/metrics").await, server.api().get("/metrics").await] {
        assert_eq!(metrics.status, 200);
        assert!(metrics.text.contains("realmgate_ticks_total"), "the map server's figures are on both");
        assert!(metrics.text.contains("realmgate_database_seconds_bucket{"), "the embedded sidecar's too");
        assert!(!metrics.text.contains("quantile="), "a summary grows, and cannot be added up: {}", metrics.text);
    }
    let led_here = admin.request(Method::GET, "/metrics").header("host", "realm.example");
    assert_eq!(admin.send(led_here).await.status, 403, "a page whose name leads here reads nothing");
}

#[tokio::test]
async fn only_one_map_is_hosted_when_so_asked() {
    let server = MapServer::start(&Settings::new().set("HOST_MAPS", "only")).await;
    assert_eq!(server.ready.maps, [1]);
    server.directory().get("/map-registry/map/2").await.problem(404, "MAP_NOT_FOUND");
    assert_eq!(server.directory().get("/map-registry/map/1").await.json(200)["id"], "map-server-1");
}

/// Around a spawn point, characters appear this far away.
const MAX_SPREAD_TILES: f64 = 8.0;

#[tokio::test]
async fn new_characters_begin_on_the_map_that_is_there() {
    let server = MapServer::start_linked(&Settings::new().map(2).set("HOST_MAPS", "only")).await;
    let account = Account::register(&server.api()).await;
    let character = account.new_character(&server.api()).await;
    let listed = account.calls(&server.api()).get("/characters").await.json(200)[0].take();
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let entered = gateway.entered(&character.id).await;
    assert_eq!(entered["map_id"], 2);
    assert_eq!(listed["map_id"], entered["map_id"]);
    let tiles = |at: &Value| ["x", "y"].map(|axis| at[axis].as_f64().expect("in tiles"));
    let ([x, y], [spawn_x, spawn_y]) = (tiles(&entered["spawn_pos"]), tiles(&listed["position"]));
    let away = (x - spawn_x).abs().max((y - spawn_y).abs());
    assert!(away <= MAX_SPREAD_TILES, "{listed} is where {entered} is");
    assert_ne!([spawn_x, spawn_y], [0.0, 0.0]);
}

#[tokio::test]
async fn a_second_start_on_the_same_machine_joins_the_first() {
    let first = MapServer::start(&Settings::new()).await;
    let second = MapServer::start_linked(&Settings::beside(&first).map(2)).await;
    assert_eq!(second.ready.directory, first.ready.directory);
    assert_eq!((second.ready.api, second.ready.gateway), (None, None));
    assert_eq!(second.ready.maps, [2], "a server that joined hosts its own map only");
    let third = MapServer::start(&Settings::beside(&first).map(2)).await;
    assert_eq!(third.ready.server_id, format!("map-server-2-{}", third.ready.game.port()), "the plain id is alive");
    let listed = first.directory().get("/map-registry/servers").await.json(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "{listed}");

    second.stop().await;
    let listed = first.directory().get("/map-registry/servers").await.json(200);
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|server| server["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["map-server-1", third.ready.server_id.as_str()], "deregistered at once");
}

#[tokio::test]
async fn of_two_that_start_at_once_one_embeds_and_the_other_joins() {
    let home = Home::new();
    let [api, directory, gateway] = free_addresses();
    let settings = |map: u16| {
        let settings = Settings::in_home(&home).map(map).set("DIRECTORY_ADDR", &directory);
        settings.set("API_ADDR", &api).set("GATEWAY_ADDR", &gateway)
    };
    let (first, second) = (settings(1), settings(2));
    let (first, second) = tokio::join!(MapServer::start(&first), MapServer::start(&second));
    assert_eq!([first.ready.api.is_some(), second.ready.api.is_some()].iter().filter(|embeds| **embeds).count(), 1);
    let listed = first.directory().get("/map-registry/servers").await.json(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
}

/// Addresses that are free.
fn free_addresses() -> [String; 3] {
    [(); 3].map(|()| format!("127.0.0.1:{}", free_port()))
}

#[tokio::test]
async fn a_server_joins_the_directory_it_is_told() {
    let sidecar = SidecarProcess::start(&[]).await;
    let settings = Settings::new()
        .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
        .set("SERVICE_TOKEN", &sidecar.home.secret("service_token"))
        .set("TICKET_KEY", &sidecar.home.secret("ticket_key"))
        .set("SERVER_ID", "a.name-of_my.own")
        .set("SERVER_NAME", "My own")
        .set("SERVER_IP", "127.0.0.9")
        .set("MAX_PLAYERS", "7");
    let server = MapServer::start_linked(&settings).await;
    let listed = sidecar.directory().get("/map-registry/servers").await.json(200);
    let listed = &listed[0];
    assert_eq!(listed["id"], "a.name-of_my.own");
    assert_eq!(listed["name"], "My own");
    assert_eq!(listed["ip"], "127.0.0.9");
    assert_eq!(listed["port"], server.ready.game.port());
    assert_eq!((&listed["supported_maps"], &listed["max_players"]), (&json!([1]), &json!(7)));
    server.stop().await;
    assert_eq!(sidecar.directory().get("/map-registry/servers").await.json(200), json!([]));
}

#[tokio::test]
async fn worlds_tick_at_the_rate_that_was_set() {
    for (settings, tick_hz) in [(Settings::new(), 30.0), (Settings::new().set("TICK_HZ", "10"), 10.0)] {
        let server = MapServer::start(&settings).await;
        let admin = server.admin();
        let ticks = async || admin.get("/healthz").await.json(200)["ticks"].as_u64().expect("a count") as f64;
        let (began, before) = (Instant::now(), ticks().await);
        until("three seconds' ticks are done", async || (ticks().await >= before + 3.0 * tick_hz).then_some(())).await;
        let rate = (ticks().await - before) / began.elapsed().as_secs_f64();
        // A machine that is busy with other tests may leave some out.
        assert!((0.6 * tick_hz..1.2 * tick_hz).contains(&rate), "{rate} ticks a second instead of {tick_hz}");
    }
}

#[tokio::test]
async fn a_server_that_was_forgotten_registers_again() {
    let server = MapServer::start(&Settings::new()).await;
    server.directory().delete("/map-registry/server/map-server-1").await.json(204);
    until("it is listed again", async || {
        let listed = server.directory().get("/map-registry/servers").await.json(200);
        listed.as_array().is_some_and(|servers| !servers.is_empty()).then_some(())
    })
    .await;
    server.directory().get("/map-registry/map/1").await.json(200);
}

#[tokio::test]
async fn a_folder_is_held_by_one_server() {
    let home = Home::new();
    let named = |home: &Home| Settings::in_home(home).set("SERVER_ID", "map-server-one");
    let first = MapServer::start(&named(&home)).await;
    let join = named(&home).set("WORLD_DIRECTORY_URL", &first.ready.directory);
    let second = join.spawn().finished().await;
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(second.stderr.contains("SERVER_ID"), "{}", second.stderr);
    let third = named(&home).set("SERVER_ID", "map-server-two").spawn().finished().await;
    assert_eq!(third.code, Some(2), "{}", third.stderr);
    assert!(third.stderr.contains("GATEWAY_ID"), "{}", third.stderr);
    first.stop().await;
}

#[tokio::test]
async fn sigterm_saves_everybody_and_ends_well() {
    let server = MapServer::start_linked(&Settings::new().set("CHANNELS", "2")).await;
    let home = server.settings.home.clone();
    let database = realmgate_tests::Database::open(&home).await;
    let (mut gateways, mut playing, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let account = Account::register(&server.api()).await;
        let character = account.new_character(&server.api()).await;
        let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
        let mut player = InWorld::connect(&gateway.entered(&character.id).await).await;
        last.push((character.id.clone(), player.walk_unsaved(&database, &character.id).await));
        playing.push(tokio::spawn(player.until_left()));
        gateways.push(gateway);
    }
    let log = server.folder().join("map_server.log");
    server.stop().await;
    for left in playing {
        assert_eq!(left.await.unwrap(), LeaveReason::ServerClosing);
    }
    let database = realmgate_tests::Database::open(&home).await;
    for (character, place) in last {
        let row = database.character(&character).await;
        assert_eq!(row.lock_owner, "none", "released: {row:?}");
        assert_eq!((row.x, row.y), (i64::from(place.x), i64::from(place.y)), "where it was last: {row:?}");
    }
    assert!(fs::read_to_string(log).unwrap().contains("all players saved"));
}
