//! How a map server ends, and how its players are let go, with the sidecar there and with the sidecar away.

use std::time::Duration;

use realmgate_protocol::link::LeaveReason;
use realmgate_tests::home::read;
use realmgate_tests::{Account, Gateway, Home, InWorld, MapServer, Settings, SidecarProcess, until};
use rustix::process::Signal;
use tokio::time::Instant;

/// A sidecar, a map server that joined it with these settings, and a player in its world.
async fn played(settings: &[(&str, &str)]) -> (SidecarProcess, MapServer, InWorld) {
    let sidecar = SidecarProcess::start(&[]).await;
    let joining = Settings::new()
        .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
        .set("SERVICE_TOKEN", &sidecar.home.secret("service_token"))
        .set("TICKET_KEY", &sidecar.home.secret("ticket_key"));
    let joining = settings.iter().fold(joining, |joining, (key, value)| joining.set(key, value));
    let server = MapServer::start_linked(&joining).await;
    let account = Account::register(&sidecar.api()).await;
    let character = account.new_character(&sidecar.api()).await;
    let mut gateway = Gateway::open(sidecar.ready.gateway_addr, &account.access_token).await;
    let playing = InWorld::connect(&gateway.entered(&character.id).await).await;
    (sidecar, server, playing)
}

/// Kills the sidecar, and waits until the map server has noticed.
async fn lose(sidecar: SidecarProcess, server: &MapServer) {
    sidecar.process.signal(Signal::KILL);
    sidecar.process.finished().await;
    let admin = server.admin();
    until("the map link is down", async || (admin.get("/readyz").await.status == 503).then_some(())).await;
}

/// What a terminal sends at Ctrl-C, when its window is closed, and at Ctrl-\\.
const OF_A_TERMINAL: [Signal; 3] = [Signal::INT, Signal::HUP, Signal::QUIT];

#[tokio::test]
async fn signals_of_a_terminal_end_it_as_an_operators_sigterm_does() {
    for signal in OF_A_TERMINAL {
        let server = MapServer::start_linked(&Settings::new()).await;
        // Recipes of logrotate send it.
        server.process.signal(Signal::USR1);
        server.process.signal(signal);
        assert_eq!(server.process.finished().await.code, Some(0), "{signal:?}");
        let folder = server.folder();
        assert!(read(&folder.join("map_server.log")).contains("all players saved, server stopped"), "{signal:?}");
        assert!(!folder.join("ready.json").exists(), "{signal:?}");
    }
}

#[tokio::test]
async fn signals_of_a_terminal_end_a_sidecar_too() {
    for signal in OF_A_TERMINAL {
        let sidecar = SidecarProcess::start(&[]).await;
        sidecar.process.signal(Signal::USR1);
        sidecar.process.signal(signal);
        assert_eq!(sidecar.process.finished().await.code, Some(0), "{signal:?}");
        assert!(!sidecar.home.data_dir().join("sidecar/ready.json").exists(), "{signal:?}");
    }
}

#[tokio::test]
async fn the_end_of_standard_input_ends_it_only_when_asked() {
    let open = MapServer::start_linked(&Settings::new().argument("--end-with-stdin").with_open_input()).await;
    // The others are given an input that has ended.
    let unasked = MapServer::start_linked(&Settings::new()).await;
    let asked = Settings::in_home(&Home::new()).argument("--end-with-stdin").spawn();
    assert_eq!(asked.finished().await.code, Some(0));
    assert!(asked.stderr().contains("standard input closed"), "{}", asked.told());
    assert!(unasked.process.is_running(), "nobody asked it to end");
    let still_plays = open.process.is_running() && !open.process.stderr().contains("standard input closed");
    assert!(still_plays, "its input has not ended{}", open.process.told());
    open.process.end_input();
    assert_eq!(open.process.finished().await.code, Some(0));
}

#[tokio::test]
async fn without_a_sidecar_a_drain_waits_ten_seconds_for_what_is_unsettled_and_no_longer() {
    let (sidecar, server, mut playing) = played(&[]).await;
    playing.has_starter_kit().await;
    lose(sidecar, &server).await;
    playing.drop_unsettled().await;
    let asked = Instant::now();
    server.process.terminate();
    let (left, finished) = tokio::join!(playing.until_left(), server.process.finished());
    assert_eq!((left, finished.code), (LeaveReason::ServerClosing, Some(0)), "{}", finished.stderr);
    let took = asked.elapsed();
    assert!(took > Duration::from_millis(9_500), "what waits for the sidecar is not given up after {took:?}");
    // Ten seconds from the signal on, the link's last tries, and what the machine takes.
    assert!(took < Duration::from_secs(16), "it takes {took:?}");
}

#[tokio::test]
async fn play_without_a_sidecar_lasts_as_long_as_the_operator_says() {
    let (sidecar, server, playing) = played(&[("OFFLINE_PLAY_MAX_S", "3")]).await;
    // By the world's own clock, of 30 ticks a second.
    let admin = server.admin();
    let ticks = async || admin.get("/healthz").await.json(200)["ticks"].as_u64().expect("a count");
    let before = ticks().await;
    lose(sidecar, &server).await;
    let noticed = ticks().await;
    assert_eq!(playing.until_left().await, LeaveReason::StoreAway);
    let left = ticks().await;
    assert!(left - before >= 90, "let go after {} ticks", left - before);
    // Its goodbye waits for the store, for 5 s.
    assert!(left - noticed < 300, "not for twice as long: {} ticks", left - noticed);
}
