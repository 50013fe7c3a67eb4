//! The page in a real browser, on a real server.

use std::io::ErrorKind;
use std::time::Duration;

use realmgate_skip::skip;
use realmgate_tests::binaries::workspace;
use realmgate_tests::browser::{Played, pictures, play};
use realmgate_tests::{MapServer, Settings};
use tokio::process::Command;

/// A newcomer needs less than two minutes; a machine that builds beside it may take longer.
const WITHIN: Duration = Duration::from_secs(240);

async fn a_newcomer_kills_a_mob(script: &str) {
    let server = MapServer::start_linked(&Settings::new()).await;
    match play(&server, script, &pictures(), WITHIN).await {
        Played::Well(_) => {}
        Played::Missing(what) => skip(format!("{what}: nobody played the page")),
        Played::Badly(said) => panic!("{script}: {said}"),
    }
    server.stop().await;
}

#[tokio::test]
async fn its_parts_without_a_browser_work() {
    let tests = workspace().join("clients/page/test");
    let files = std::fs::read_dir(&tests).expect("the page has tests");
    let files: Vec<_> = files.map(|entry| entry.expect("it can be read").path()).collect();
    let files = files.iter().filter(|path| path.to_string_lossy().ends_with(".test.js"));
    let ended = match Command::new("node").arg("--test").args(files).output().await {
        Err(error) if error.kind() == ErrorKind::NotFound => return skip("node (Node.js) is not installed"),
        ended => ended.expect("node runs"),
    };
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_with_mouse_and_keyboard() {
    a_newcomer_kills_a_mob("newcomer.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_by_keyboard_alone() {
    a_newcomer_kills_a_mob("keyboard.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_kills_a_mob_by_touch_on_a_phone() {
    a_newcomer_kills_a_mob("touch.mjs").await;
}
