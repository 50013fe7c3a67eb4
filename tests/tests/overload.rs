//! A server that gets next to no time: what it leaves out, in which order, and that it takes it all back.

use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_client::session::Intent;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_tests::account::fresh_name;
use realmgate_tests::wait::until_within;
use realmgate_tests::{MapServer, Settings, SidecarProcess};
use rustix::process::Signal;
use tokio::sync::watch;
use tokio::time::interval;

/// How long the levels may take: eight seconds of late ticks, at the pace of a server that hardly runs.
const RISE_WITHIN: Duration = Duration::from_secs(90);
/// Three seconds with time to spare for each level.
const FALL_WITHIN: Duration = Duration::from_secs(180);
const BEAT: Duration = Duration::from_millis(20);
/// It runs during one beat of so many.
const BEATS: u32 = 10;

const LEVELS: [&str; 5] = ["FarRarely", "NearRarely", "IdleMinds", "Full", "SlowClock"];

/// The levels that the server has said it took, in order.
fn levels(server: &MapServer) -> Vec<String> {
    let log = server.process.stderr();
    let of_line =
        |line: &str| line.split_once("level=").map(|(_, rest)| rest.split(' ').next().unwrap_or(rest).to_owned());
    log.lines().filter(|line| line.contains("overload level changed")).filter_map(of_line).collect()
}

/// Lets the server run for a tenth of the time, until told otherwise.
async fn starve(server: &MapServer, mut is_over: watch::Receiver<bool>) {
    let mut beats = interval(BEAT);
    let mut beat = 0;
    while !*is_over.borrow_and_update() {
        beats.tick().await;
        beat += 1;
        match beat % BEATS {
            0 => server.process.signal(Signal::CONT),
            1 => server.process.signal(Signal::STOP),
            _ => {}
        }
    }
    server.process.signal(Signal::CONT);
}

async fn entry(sidecar: &SidecarProcess) -> Entry {
    let api = Api::new(&format!("http://{}", sidecar.ready.api_addr));
    let tokens = api.register(&fresh_name("starved"), "correct horse battery").await.expect("an account");
    let classes = api.classes().await.expect("classes");
    let character = api.create_character(&tokens.access_token, &fresh_name("Starved "), &classes[0].id).await;
    let character = character.expect("a character").id;
    Entry::new(&format!("ws://{}", sidecar.ready.gateway_addr), &tokens.access_token, &character)
}

/// Walks in circles, and asks something whenever the last question was answered. How often it was, and how many snapshots
/// it saw.
async fn play(mut entry: Entry, mut is_over: watch::Receiver<bool>) -> (u32, u64) {
    let mut client = entry.enter(None, &Setup::new(Clock::start())).await.expect("in the world");
    let (mut asked, mut answered, mut ticks) = (0, 0, 0u32);
    while !*is_over.borrow_and_update() || answered < asked {
        let told = client.tick().await.expect("the connection holds");
        answered += told.iter().filter(|told| matches!(told, ServerMessage::Channels { .. })).count() as u32;
        if client.counters().snapshots > 0 {
            let own = client.session().own_entity().and_then(|own| own.course);
            let newest = client.session().world.tick();
            assert_eq!(own.map(|(sent_in, _)| sent_in), Some(newest), "every snapshot has one's own state");
        }
        if answered == asked && !*is_over.borrow() && ticks.is_multiple_of(15) {
            client.ask(&ClientMessage::ListChannels).expect("it can be encoded");
            asked += 1;
        }
        ticks += 1;
        client.act(Intent { heading: Some(Angle((ticks / 15 % 8) as u8 * 32)), action: None });
    }
    let snapshots = client.counters().snapshots;
    client.log_out().await;
    (answered, snapshots)
}

#[tokio::test]
async fn a_starved_server_takes_its_levels_in_order_says_so_and_takes_them_back() {
    let sidecar = SidecarProcess::start(&[]).await;
    let settings = Settings::new()
        .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
        .set("SERVICE_TOKEN", &sidecar.home.secret("service_token"))
        .set("TICKET_KEY", &sidecar.home.secret("ticket_key"))
        .set("HOST_MAPS", "only");
    let server = MapServer::start_linked(&settings).await;
    let (player, mut newcomer) = tokio::join!(entry(&sidecar), entry(&sidecar));
    let (stop_playing, is_over) = watch::channel(false);
    let playing = tokio::spawn(play(player, is_over));
    until_within("the player is there", FALL_WITHIN, async || {
        let players = server.admin().get("/metrics").await.text;
        players.contains("realmgate_players 1").then_some(())
    })
    .await;

    let (stop_starving, is_fed) = watch::channel(false);
    let ordeal = async {
        until_within("everything is left out", RISE_WITHIN, async || {
            (levels(&server).len() >= LEVELS.len()).then_some(())
        })
        .await;
        assert_eq!(levels(&server)[..LEVELS.len()], LEVELS, "in this order");
        until_within("nobody new is let in", RISE_WITHIN, async || {
            // A server that hardly runs may also be too slow to answer at all.
            let refused = newcomer.enter(None, &Setup::new(Clock::start())).await.expect_err("it is full");
            format!("{refused:?}").contains("MAP_FULL").then_some(())
        })
        .await;
        stop_starving.send_replace(true);
    };
    tokio::join!(starve(&server, is_fed), ordeal);

    until_within("all is as before", FALL_WITHIN, async || {
        (levels(&server).last().map(String::as_str) == Some("Normal")).then_some(())
    })
    .await;
    let client = newcomer.enter(None, &Setup::new(Clock::start())).await.expect("let in again");
    client.log_out().await;
    stop_playing.send_replace(true);
    let (answered, snapshots) = playing.await.expect("the player played on");
    assert!(answered > 3 && snapshots > 30, "{answered} answers, {snapshots} snapshots");
    server.stop().await;
    sidecar.stop().await;
}

realmgate_services::reaper!();
