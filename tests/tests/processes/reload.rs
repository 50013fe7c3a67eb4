//! Data files that are saved while a server runs, with a player in it.

use std::fs;
use std::path::{Path, PathBuf};

use realmgate_tests::binaries::binaries;
use realmgate_tests::in_world::InWorld;
use realmgate_tests::process::{Process, command};
use realmgate_tests::wait::PATIENCE;
use realmgate_tests::{Account, Api, Gateway, Home, MapServer, Settings, until};
use serde_json::{Value, json};

const HEALTH: &str = "[warrior.stats]\nhealth = 140";

/// A copy of the shipped data, which a designer edits.
struct Designer {
    assets: PathBuf,
}

impl Designer {
    fn new(home: &Home) -> Self {
        Self { assets: home.assets_with("classes.toml", HEALTH, HEALTH) }
    }

    fn settings(&self, home: &Home) -> Settings {
        Settings::in_home(home).set("ASSETS_DIR", self.assets.to_str().expect("a plain path"))
    }

    /// Saves the classes with another health of warriors.
    fn saves_health(&self, health: &str) {
        let file = self.assets.join("classes.toml");
        let text = fs::read_to_string(&file).expect("it can be read");
        let (before, after) = text.split_once("[warrior.stats]\nhealth = ").expect("warriors have health");
        let (_, after) = after.split_once('\n').expect("and more");
        fs::write(file, format!("{before}[warrior.stats]\nhealth = {health}\n{after}")).expect("it can be written");
    }
}

async fn enters(server: &MapServer) -> (InWorld, Gateway) {
    let account = Account::register(&server.api()).await;
    let character = account.new_character(&server.api()).await.id;
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    (InWorld::connect(&gateway.entered(&character).await).await, gateway)
}

/// Asks for a reload. Returns the status and the answer.
async fn asks(server: &MapServer, token: Option<&str>) -> (u16, Value) {
    let api = Api::new(server.ready.admin);
    let api = token.map_or_else(|| api.clone(), |token| api.clone().with_token(token));
    let answer = api.post("/reload", json!({})).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap_or_default())
}

async fn reloads(server: &MapServer, outcome: &str) -> bool {
    let metrics = Api::new(server.ready.admin).get("/metrics").await.text;
    metrics.contains(&format!("realmgate_reloads_total{{outcome=\"{outcome}\"}} 1"))
}

#[tokio::test]
async fn saved_file_is_taken_up_by_a_running_world_and_one_with_a_fault_is_not() {
    let home = Home::new();
    let designer = Designer::new(&home);
    let recordings = home.path("recordings");
    let record =
        |settings: Settings| settings.argument("--record").argument(recordings.to_str().expect("a plain path"));
    let server = MapServer::start_linked(&record(designer.settings(&home))).await;
    let (mut player, _gateway) = enters(&server).await;
    let before = player.health();

    designer.saves_health("240");
    player.until_health(before + 100).await;
    assert!(reloads(&server, "applied").await);

    designer.saves_health("0");
    until("the fault is logged", async || server.process.stderr().contains("classes.toml:13:10").then_some(())).await;
    assert!(reloads(&server, "refused").await);
    player.walk().await;
    assert_eq!(player.health(), before + 100, "the data before stays");
    server.stop().await;

    // A replay begins with the files that the recording began with, and has the new ones from the recording.
    designer.saves_health("140");
    replays(&home, &designer, &recordings).await;
}

/// Replays each recording of a folder.
async fn replays(home: &Home, designer: &Designer, folder: &Path) {
    let files: Vec<_> = fs::read_dir(folder).expect("a folder with recordings").collect();
    let files = files.into_iter().map(|file| file.expect("readable").path());
    let mut replay = command(&binaries().start_server);
    replay.arg("--replay").args(files).env("ASSETS_DIR", &designer.assets);
    let finished = Process::start(home, replay).finished_within(3 * PATIENCE).await;
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
}

#[tokio::test]
async fn operator_reloads_by_a_call_where_saving_alone_changes_nothing() {
    let home = Home::new();
    let designer = Designer::new(&home);
    let server = MapServer::start_linked(&designer.settings(&home).set("RELOAD", "off")).await;
    let (mut player, _gateway) = enters(&server).await;
    let before = player.health();
    let token = server.service_token();

    designer.saves_health("240");
    for token in [None, Some("another token")] {
        let (status, answer) = asks(&server, token).await;
        assert_eq!(status, 401, "{answer}");
    }
    player.walk().await;
    assert_eq!(player.health(), before);
    assert_eq!(asks(&server, Some(&token)).await, (200, json!({"changes": "class `warrior` changed"})));
    player.until_health(before + 100).await;
    assert_eq!(asks(&server, Some(&token)).await, (200, json!({"changes": ""})));

    designer.saves_health("\"much\"");
    let (status, answer) = asks(&server, Some(&token)).await;
    let fault = answer["faults"][0].as_str().expect("a fault");
    assert!(status == 422 && fault.contains("classes.toml:13:10: "), "{status} {answer}");
    server.stop().await;
}
