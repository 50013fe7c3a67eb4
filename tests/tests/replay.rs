//! A recorded run replays to the same state hashes, twice; and a server that is stopped with players in it saves them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use realmgate_tests::binaries::binaries;
use realmgate_tests::bots::Bots;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::wait::{PATIENCE, until_within};
use realmgate_tests::{Database, Home, MapServer, Settings, until};

async fn replay(home: &Home, recording: &Path) -> Finished {
    let mut replay = command(&binaries().start_server);
    replay.arg("--replay").arg(recording);
    Process::start(home, replay).finished_within(3 * PATIENCE).await
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("there is a folder with recordings");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_same_state_twice() {
    let home = Home::new();
    let folder = home.path("recordings");
    let settings = Settings::in_home(&home).argument("--record").argument(folder.to_str().expect("a plain path"));
    let server = MapServer::start_linked(&settings).await;
    Bots::start(&server, 4, 6, &[]).finished().await.assert_good();
    let maps = server.ready.maps.clone();
    server.stop().await;

    let files = recordings(&folder);
    assert_eq!(files.len(), maps.len(), "one for each channel of each map: {files:?}");
    for file in &files {
        let first = replay(&home, file).await;
        assert_eq!(first.code, Some(0), "{}: {}", file.display(), first.stderr);
        assert_eq!(first.stdout, replay(&home, file).await.stdout, "{}", file.display());
    }

    // A recording that was tampered with does not replay: its last byte belongs to the last tick's hash.
    let mut bytes = fs::read(&files[0]).expect("readable");
    *bytes.last_mut().expect("not empty") ^= 0xff;
    let tampered = home.path("map-server-1-1-1.rec");
    fs::write(&tampered, bytes).expect("writable");
    let finished = replay(&home, &tampered).await;
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
    assert!(!finished.stderr.is_empty());
}

#[tokio::test]
async fn a_server_that_is_stopped_saves_whoever_plays() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let bots = Bots::start(&server, 4, 10, &["--expect", "none"]);
    let admin = server.admin();
    let all = async || (admin.figure("realmgate_players").await == 4.0).then_some(());
    until_within("all bots play", 2 * PATIENCE, all).await;
    // A moment of play, so that there is something to save.
    let ticks = admin.figure("realmgate_ticks_total").await;
    until("they have played a while", async || {
        (admin.figure("realmgate_ticks_total").await > ticks + 60.0).then_some(())
    })
    .await;
    let home = server.settings.home.clone();
    server.stop().await;

    let database = Database::open(&home).await;
    let characters = database.all_characters().await;
    assert_eq!(characters.len(), 4);
    for row in &characters {
        assert_eq!(row.lock_owner, "none", "let go: {row:?}");
        assert!(row.map_id > 0 && (row.x, row.y) != (0, 0), "saved: {row:?}");
    }
    database.assert_books_balance().await;
    let run = tokio::time::timeout(Duration::from_secs(60), bots.finished()).await.expect("the bots give up");
    assert_eq!(run.finished.code, Some(0), "nothing was expected of them");
}
