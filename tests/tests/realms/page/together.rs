//! Two browsers, one of them without WebTransport, a player in Rust and ten bots in one world. `clients/page/test/together/` is
//! what they do there, an act in each file.

use std::time::Duration;

use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_skip::skip;
use realmgate_tests::MapServer;
use realmgate_tests::bots::Bots;
use serde_json::json;
use tokio::time::{interval, timeout};

use super::stage::{LinesAre, Script, What};
use crate::browsers;
use crate::javascript::actors::{Actor, Order};
use crate::javascript::in_rust;
use crate::javascript::lines::Lines;
use crate::small_world;

/// A quiet machine needs less than four minutes; one that builds beside it may take longer.
const WITHIN: Duration = Duration::from_secs(900);
/// The bots stay until the test ends them.
const BOTS_STAY_S: u64 = 3_600;
/// How often the script is told what the player in Rust sees.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// A machine that builds beside the test is late for thirty ticks a second, and a server that is late lets nobody in or travel.
const TICK_HZ: &str = "15";

/// The boar lives until everybody has found and struck it, though the bots were there before.
const BOAR_HEALTH: u32 = 1_500;

/// A server on the two small maps of this folder, each with two channels.
async fn server() -> MapServer {
    let settings = small_world::settings("page/maps", BOAR_HEALTH);
    MapServer::start_linked(&settings.set("CHANNELS", "2").set("TICK_HZ", TICK_HZ)).await
}

/// Does what the script wants, until it has ended.
async fn serve(script: &mut Script, rusty: &Actor, lines: &Lines) {
    let mut looks = interval(TELL_EVERY);
    loop {
        tokio::select! {
            wish = script.next() => {
                let Some(wish) = wish else { return };
                obey(&wish.what, rusty, lines);
                script.done(&wish).await;
            }
            _ = looks.tick() => script.tell(&json!({ "picture": rusty.picture() })).await,
        }
    }
}

fn obey(what: &What, rusty: &Actor, lines: &Lines) {
    match what {
        What::Walk([x, y]) => rusty.order(Order::Walk(Position { x: *x, y: *y })),
        What::Attack(victim) => rusty.order(Order::Attack(victim.map(EntityId))),
        What::Ask(bytes) => rusty.ask(decode_reliable(bytes).expect("the library has encoded it")),
        What::Lines(are) => {
            lines.silence(*are == LinesAre::Silent);
            lines.cut(*are == LinesAre::Cut);
        }
        What::Server(_) | What::Step(_) => panic!("{what:?} is no part of this"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_a_rust_client_and_ten_bots_do_everything_together() {
    let _turn = browsers::turn().await;
    let server = server().await;
    let _bots = Bots::start(&server, 10, BOTS_STAY_S, &["--expect", "none"]);
    let lines = Lines::to(&server).await;
    let rusty = in_rust::enter(&format!("http://{}", server.api_addr()), "Rusty", lines.udp()).await;
    let Some(mut script) = Script::start("together.mjs", &server, &lines.ports()) else {
        return skip("node (Node.js) is not installed: nobody played together");
    };
    timeout(WITHIN, serve(&mut script, &rusty, &lines)).await.expect("they are done in time");
    if !script.has_played().await {
        return skip("Chromium or playwright-core is not installed: nobody played together");
    }
    drop(rusty);
    server.stop().await;
}
