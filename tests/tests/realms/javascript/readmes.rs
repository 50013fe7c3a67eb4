//! What the READMEs of the clients show does what they say: their very text plays on a real server, and the Rust client sees
//! its character move.

use std::process::Stdio;

use realmgate_skip::skip;
use realmgate_tests::binaries::binaries;
use realmgate_tests::{MapServer, Settings, node};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::actors::{Actor, Picture};
use super::{MISSING, PATIENCE, in_rust};
use crate::browsers;

/// How far whoever walks must have got, in units.
const FAR: f64 = 2_048.0;

/// Somebody of this name was seen walking.
async fn sees_walk(watcher: &Actor, name: &str) {
    let mut first = None;
    watcher
        .until(&format!("{name} has walked"), |picture: &Picture| {
            let other = picture.others.iter().find(|other| other.name.starts_with(name));
            let Some(place) = other.and_then(|other| other.place) else { return false };
            place.distance_to(*first.get_or_insert(place)) > FAR
        })
        .await;
}

/// A program that plays, and the end of its stdin: some end with that.
struct Playing {
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Plays beside somebody who watches, until its character has walked; `None` where it cannot be played here.
async fn walks(server: &MapServer, mut program: Command, name: &str) -> Option<Playing> {
    let api = format!("http://{}", server.api_addr());
    let watcher = in_rust::enter(&api, "Watcher", server.ready.game).await;
    program.arg(&api).stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = match program.spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        child => child.expect("it runs"),
    };
    // Who waits for a child closes its stdin.
    let stdin = child.stdin.take();
    tokio::select! {
        () = sees_walk(&watcher, name) => Some(Playing { child, stdin }),
        ended = child.wait() => {
            let code = ended.expect("it ends").code();
            assert_eq!(code, Some(MISSING), "{name} has ended before it was seen to walk");
            None
        }
    }
}

/// Waits until it ends, and ends well.
async fn ends_well(Playing { mut child, stdin }: Playing) {
    drop(stdin);
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends in time").expect("it ends");
    assert!(ended.success(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_readme_walks_in_a_browser() {
    let _turn = browsers::turn().await;
    let server = MapServer::start_linked(&Settings::new()).await;
    let Some(page) = walks(&server, node::script("readme-page.mjs"), "Hero").await else {
        return skip("Node, Chromium or playwright-core is missing: the README's page was not tried");
    };
    ends_well(page).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_of_the_readme_walks_in_node() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let Some(script) = walks(&server, node::script("readme-script.mjs"), "Hunter").await else {
        return skip("node (Node.js) is not installed: the README's script was not tried");
    };
    ends_well(script).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_rust_client_walks() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let example = walks(&server, Command::new(&binaries().minimal), "Minimal").await;
    ends_well(example.expect("a program of ours is not missing")).await;
    server.stop().await;
}
