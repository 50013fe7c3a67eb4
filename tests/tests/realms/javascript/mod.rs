//! The JavaScript client plays on a real server, in Node and in Chromium, over WebSocket and WebTransport, beside the Rust client
//! over UDP.
//!
//! [`together`] is everything that players do, by [`actors`]; [`readmes`] is what the READMEs of the clients show.

pub(crate) mod actors;
pub(crate) mod in_rust;
mod in_script;
pub(crate) mod lines;
mod readmes;
mod together;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::process::{Output, Stdio};
use std::time::Duration;

use realmgate_client::client::{GameClient, Setup};
use realmgate_client::clock::Clock;
use realmgate_client::session::Intent;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_skip::skip;
use realmgate_tests::account::Account;
use realmgate_tests::{Gateway, MapServer, Settings, node};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::browsers;

const PATIENCE: Duration = Duration::from_secs(90);
/// What a script ends with where a program that it needs is missing.
const MISSING: i32 = 77;
/// Corrections in the two seconds of a walk, which has 60 ticks.
const MOST_CORRECTIONS: u64 = 10;
const QUESTION: &str = "Is anybody there?";
const ANSWER: &str = "I am.";
const UNITS_PER_TILE: f64 = 1_024.0;

/// A player over UDP, on the same map, and its name.
async fn companion(server: &MapServer) -> (GameClient, String) {
    let api = server.api();
    let account = Account::register(&api).await;
    let character = account.new_character(&api).await;
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let grant: EntryGrant = serde_json::from_value(gateway.entered(&character.id).await).expect("a grant");
    let client = GameClient::enter(&grant, &Setup::new(Clock::start()), None).await.expect("it is let in");
    (client, character.name)
}

/// Walks to and fro and answers who asks, until the script has ended. Where it has seen each of the others walk.
async fn accompany(mut client: GameClient, mut ended: tokio::sync::oneshot::Receiver<()>) -> BTreeMap<String, f64> {
    let mut seen: BTreeMap<String, Vec<Position>> = BTreeMap::new();
    for tick in 0u32.. {
        if ended.try_recv().is_ok() {
            break;
        }
        for message in client.tick().await.expect("nobody says goodbye") {
            if matches!(message, ServerMessage::Chat { text, .. } if text == QUESTION) {
                client.ask(&ClientMessage::Chat { text: ANSWER.to_owned() }).expect("it is short");
            }
        }
        for (_, entity) in client.session().world.entities() {
            seen.entry(entity.name().to_owned()).or_default().extend(entity.position());
        }
        client.act(Intent { heading: Some(Angle(if tick % 40 < 20 { 0 } else { 128 })), action: None });
    }
    client.log_out().await;
    let far = |places: &Vec<Position>| {
        let far = places.iter().map(|place| (place.x - places[0].x).abs().max((place.y - places[0].y).abs()));
        f64::from(far.max().unwrap_or_default()) / UNITS_PER_TILE
    };
    seen.iter().map(|(name, places)| (name.clone(), far(places))).collect()
}

/// Runs a script; `None` where there is no Node.
async fn run(script: &str, server: &MapServer, name: &str) -> Option<Output> {
    let mut node = node::script(script);
    node.arg(format!("http://{}", server.api_addr())).arg(name);
    match node.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        node => {
            let running = node.expect("node runs").wait_with_output();
            Some(timeout(PATIENCE, running).await.expect("it ends in time").expect("node runs"))
        }
    }
}

/// Lets a script play beside a Rust client, and compares what they saw.
async fn meet(script: &str, name: &str) {
    let server = MapServer::start_linked(&Settings::new()).await;
    let (client, companion) = companion(&server).await;
    let (end, ended) = tokio::sync::oneshot::channel();
    let (played, seen) = tokio::join!(
        async {
            let played = run(script, &server, name).await;
            let _ = end.send(());
            played
        },
        accompany(client, ended)
    );
    let Some(played) = played else { return skip("node (Node.js) is not installed: nobody played in JavaScript") };
    let told = String::from_utf8_lossy(&played.stdout);
    if played.status.code() == Some(MISSING) {
        return skip(format!("{}: nobody played in a browser", told.trim()));
    }
    assert!(played.status.success(), "{told}{}", String::from_utf8_lossy(&played.stderr));
    let saw: Value = serde_json::from_str(told.lines().last().unwrap_or_default()).expect("what it saw");

    assert_eq!((&saw["heard"], &saw["others"]), (&json!(companion), &json!([companion])), "{saw}");
    assert_eq!((&saw["left"], &saw["refused"]), (&json!("Logout"), &json!([])), "{saw}");
    // A machine that is held up loses commands, and each loss is corrected once. What is predicted wrongly is corrected in
    // every tick.
    assert!(saw["corrections"].as_u64().is_some_and(|corrections| corrections < MOST_CORRECTIONS), "{saw}");
    // Two seconds of walking, unless a wall is in the way.
    let way = saw["walked"].as_f64().unwrap_or_default() / UNITS_PER_TILE;
    let moved = saw["moved"].as_f64().unwrap_or_default() / UNITS_PER_TILE;
    assert!(way > 1.0 && moved > 1.0, "it walked {way} tiles, and saw the other walk {moved}");
    assert!(seen.get(name).is_some_and(|seen| (seen - way).abs() < 1.5), "{seen:?} for a walk of {way}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_in_node_meets_one_in_rust() {
    meet("play.mjs", "Nodey").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_in_a_browser_meets_one_in_rust() {
    let _turn = browsers::turn().await;
    meet("browser.mjs", "Browsy").await;
}
