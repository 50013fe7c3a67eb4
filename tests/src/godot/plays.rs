//! What scripts in Godot play on: servers, bad lines, bots and a browser.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::Godot;
use crate::binaries::workspace;
use crate::bots::Bots;
use crate::browser::crowd::Crowd;
use crate::browser::{self, Played, cores, figures, pictures};
use crate::conditioner::{Conditions, Profile, UdpConditioner};
use crate::map_server::{MapServer, Settings};
use crate::sidecar::SidecarProcess;

/// All plays: without a server, at a directory, and in a world.
pub const PLAYS: [&str; 13] = [
    "classes",
    "map_server",
    "minimal",
    "demo",
    "walk",
    "bad_line",
    "travel",
    "refusals",
    "account",
    "comes_back",
    "together",
    "reconnects",
    "frames",
];
/// How often the player of `reconnects` leaves and enters.
const RECONNECTS: &str = "200";
/// It does so faster than people do.
const MESSAGES: &str = "10000";
/// Players around the one of `frames`, and how many things are in view at least. A debug build of the server, beside its crowd on two
/// cores, lets no more in.
const CROWD: (u16, &str) = if cfg!(debug_assertions) { (36, "30") } else { (160, "150") };
/// For how much of a frame the add-on may take in 95 % of them, in milliseconds: 0 where builds are not those that are shipped.
const SHARE_MS: &str = if cfg!(debug_assertions) { "0" } else { "2" };
/// The crowd, and who is measured.
const MOST_PLAYERS: &str = "400";
/// Where they gather: in the town, where the player of `frames` enters.
const TOWN: (f64, f64) = (32.0, 32.0);
/// A machine that builds beside the play is late for thirty ticks a second, and a server that is late lets nobody in.
const SLOW_TICK_HZ: &str = "15";
const CROWDED_TICK_HZ: &str = "10";
/// Long enough for a machine that builds beside the play.
const WITHIN: Duration = Duration::from_secs(900);
/// Players beside those of Godot and of the page; they stay until they are ended.
const BOTS: u32 = 5;
const BOTS_STAY_S: u64 = 3_600;
/// Who meets, as `clients/page/test/godot.mjs` knows them too.
const LEADS: &str = "Adalbert";
const FOLLOWS: &str = "Benedict";
const AT_THE_PAGE: &str = "Paige";
/// For how long a line is down.
const DOWN_FOR: Duration = Duration::from_secs(3);
/// After so long the players of `account` and `comes_back` need a newer token.
const TOKEN_SECONDS: &str = "4";

/// Lets one play to its end, and gives what it said.
///
/// # Errors
/// All that it said, when it fails.
///
/// # Panics
/// When a server or Godot does not start.
pub async fn play(godot: &Godot, name: &str) -> Result<String, String> {
    match name {
        "classes" => godot.play("tests/classes.gd", &[], WITHIN).await,
        "map_server" => map_server(godot).await,
        "account" => account(godot).await,
        "comes_back" => comes_back(godot).await,
        "together" => together(godot).await,
        "frames" => frames(godot).await,
        _ => {
            let settings = Settings::new().set("GATEWAY_MESSAGES_PER_10S", MESSAGES);
            let server = MapServer::start_linked(&settings).await;
            let played = in_world(godot, &server, name).await;
            server.stop().await;
            played
        }
    }
}

async fn in_world(godot: &Godot, server: &MapServer, name: &str) -> Result<String, String> {
    let api = format!("http://{}", server.api_addr());
    match name {
        "walk" => godot.play("tests/walk.gd", &[&api, "Walker"], WITHIN).await,
        "bad_line" => {
            let conditions = Profile::named("100ms").ok_or("there is no line of 100 ms")?.conditions;
            let line = line_to(server, conditions).await?;
            godot.play("tests/walk.gd", &[&api, "Walker", &line.address().to_string()], WITHIN).await
        }
        "reconnects" => godot.play("tests/reconnects.gd", &[&api, RECONNECTS], WITHIN).await,
        other => godot.play(&format!("tests/{other}.gd"), &[&api], WITHIN).await,
    }
}

/// The add-on's share of a frame of the demo, with a crowd in view; against its bound where server and add-on are release builds.
async fn frames(godot: &Godot) -> Result<String, String> {
    let settings = Settings::new().set("MAX_PLAYERS", MOST_PLAYERS);
    let server = if cfg!(debug_assertions) { settings.set("TICK_HZ", CROWDED_TICK_HZ) } else { settings };
    let server = MapServer::start_linked(&server).await;
    let api = format!("http://{}", server.api_addr());
    // A debug build of the server needs both cores to let anybody in.
    let is_apart =
        !cfg!(debug_assertions) && cores::keep_on_the_servers(&[server.process.pid(), std::process::id()]).await;
    let godot = if is_apart { godot.apart() } else { godot.clone() };
    let crowd = Crowd::gather(&server, CROWD.0, TOWN).await.map_err(|error| format!("{error:#}"))?;
    let played = godot.play("tests/frames.gd", &[&api, CROWD.1, SHARE_MS], WITHIN).await;
    drop(crowd);
    server.stop().await;
    Ok(format!("{}{}\n", played?, figures::machine(is_apart)))
}

async fn line_to(server: &MapServer, conditions: Conditions) -> Result<UdpConditioner, String> {
    UdpConditioner::to(server.ready.game, conditions, 1).await.map_err(|error| error.to_string())
}

/// A map server in GDScript registers with a sidecar, is looked up, and deregisters.
async fn map_server(godot: &Godot) -> Result<String, String> {
    let sidecar = SidecarProcess::start(&[]).await;
    let directory = format!("http://{}", sidecar.ready.directory_addr);
    let token = sidecar.home.secret("service_token");
    let played = godot.play("tests/map_server.gd", &[&directory, &token], WITHIN).await;
    sidecar.stop().await;
    played
}

/// The account by a device, whose log-in grows old.
async fn account(godot: &Godot) -> Result<String, String> {
    let server = MapServer::start_linked(&Settings::new().set("ACCESS_TOKEN_SECONDS", TOKEN_SECONDS)).await;
    let played = godot.play("tests/account.gd", &[&format!("http://{}", server.api_addr())], WITHIN).await;
    server.stop().await;
    played
}

/// A player stays while its server loses its power, and while an operator ends it, each until it runs again.
async fn comes_back(godot: &Godot) -> Result<String, String> {
    let settings = Settings::new().set("ACCESS_TOKEN_SECONDS", TOKEN_SECONDS);
    let first = MapServer::start_linked(&settings).await;
    let api = first.api_addr().to_string();
    let again = settings.port(first.ready.game.port()).set("API_ADDR", &api);
    let again = again.set("GATEWAY_ADDR", &first.gateway().to_string());
    let mut server = Some(first);
    let grants = async |wish: &str| match (wish, server.take()) {
        ("kill", Some(running)) => {
            running.process.signal(Signal::KILL);
            running.process.finished().await;
        }
        ("stop", Some(running)) => running.stop().await,
        ("start", None) => server = Some(MapServer::start_linked(&again).await),
        (wish, _) => panic!("{wish} cannot be: it runs, or does not"),
    };
    let played = godot.play_with("tests/comes_back.gd", &[&format!("http://{api}")], WITHIN, grants).await;
    if let Some(server) = server {
        server.stop().await;
    }
    played
}

/// Two Godots, a browser and bots in one world. The line of the first goes down for a while when it wishes so.
async fn together(godot: &Godot) -> Result<String, String> {
    let server = MapServer::start_linked(&on_small_maps()).await;
    let _bots = Bots::start(&server, BOTS, BOTS_STAY_S, &["--expect", "none"]);
    let line = line_to(&server, Conditions::default()).await?;
    let (api, through) = (format!("http://{}", server.api_addr()), line.address().to_string());
    let grants = async |wish: &str| {
        assert_eq!(wish, "down", "the only wish of this play");
        line.set_down(true);
        sleep_until(Instant::now() + DOWN_FOR).await;
        line.set_down(false);
    };
    let first = [&api, LEADS, FOLLOWS, AT_THE_PAGE, &through];
    let second = [&api, FOLLOWS, LEADS, AT_THE_PAGE];
    let played = tokio::try_join!(
        godot.play_with("tests/leads.gd", &first, WITHIN, grants),
        godot.play("tests/follows.gd", &second, WITHIN),
        at_the_page(&server),
    );
    server.stop().await;
    played.map(|(leads, follows, page)| format!("{leads}{follows}{page}"))
}

/// The two small maps on which players of the page meet too: the usual ones keep a machine that builds beside the play too busy.
fn on_small_maps() -> Settings {
    let settings = Settings::new();
    let maps = settings.home.copy_of(&workspace().join("tests/tests/realms/page/maps"), "maps");
    for file in ["tileset.tsx", "tileset.png"] {
        std::fs::copy(workspace().join("maps").join(file), maps.join(file)).expect("it can be copied");
    }
    let maps = maps.to_str().expect("a folder's name is text").to_owned();
    settings.set("MAPS_DIR", &maps).set("TICK_HZ", SLOW_TICK_HZ)
}

async fn at_the_page(server: &MapServer) -> Result<String, String> {
    match browser::play(server, "godot.mjs", &pictures(), WITHIN).await {
        Played::Well(said) => Ok(said),
        Played::Missing(what) => Err(format!("nobody is at the page: {what}")),
        Played::Badly(said) => Err(said),
    }
}
