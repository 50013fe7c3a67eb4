//! A recorded run replays to the same state hashes, twice; and a server that is stopped with players in it saves them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use realmgate_tests::binaries::binaries;
use realmgate_tests::bots::Bots;
use realmgate_tests::process::{Finished, Process, command};
use realmgate_tests::wait::{PATIENCE, until_within};
use realmgate_tests::{Database, Home, MapServer, Settings, until};

async fn replay(home: &Home, recordings: &[&Path], threads: u16) -> Finished {
    let mut replay = command(&binaries().start_server);
    replay.arg("--replay").args(recordings).arg("--threads").arg(threads.to_string());
    Process::start(home, replay).finished_within(3 * PATIENCE).await
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("there is a folder with recordings");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

/// Recordings that are played at a time are told in the order in which they end.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_same_state_on_one_thread_and_on_two() {
    let home = Home::new();
    let folder = home.path("recordings");
    let settings = Settings::in_home(&home).argument("--record").argument(folder.to_str().expect("a plain path"));
    let server = MapServer::start_linked(&settings.set("CHANNELS", "2")).await;
    Bots::start(&server, 4, 6, &[]).finished().await.assert_good();
    let maps = server.ready.maps.clone();
    server.stop().await;

    let files = recordings(&folder);
    assert_eq!(files.len(), 2 * maps.len(), "one for each channel of each map: {files:?}");
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let alone = replay(&home, &files, 1).await;
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);
    assert_eq!(sorted(&alone.stdout).len(), files.len(), "{}", alone.stdout);
    let beside = replay(&home, &files, 2).await;
    assert_eq!(beside.code, Some(0), "{}", beside.stderr);
    assert_eq!(sorted(&alone.stdout), sorted(&beside.stdout), "{}", beside.stderr);

    // A recording that was tampered with does not replay: its last byte belongs to a part of the last tick's state.
    let mut bytes = fs::read(files[0]).expect("readable");
    *bytes.last_mut().expect("not empty") ^= 0xff;
    let tampered = home.path("tampered.rec");
    fs::write(&tampered, &bytes).expect("writable");
    let finished = replay(&home, &[&tampered, files[1]], 1).await;
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
    assert!(!finished.stderr.is_empty());

    // One that a killed process left behind ends with its last whole tick.
    fs::write(&tampered, &bytes[..bytes.len() - 3]).expect("writable");
    let finished = replay(&home, &[&tampered], 1).await;
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains("ends within a tick"), "{}", finished.stdout);
}

/// The recording was made by one build; whichever this is, its hashes come out the same.
#[tokio::test]
async fn the_golden_recording_replays_in_every_build() {
    let home = Home::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../game/tests/world/golden.rec");
    let finished = replay(&home, &[&golden], 1).await;
    assert_eq!(
        finished.code,
        Some(0),
        "{}\nAfter a change of data, maps, rules or protocol it is made anew: \
         UPDATE_VECTORS=1 cargo test -p realmgate-game --test world golden_recording",
        finished.stderr
    );
}

#[tokio::test]
async fn a_server_that_is_stopped_lets_go_of_whoever_plays_and_its_books_balance() {
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
        assert!(row.map_id > 0 && (row.x, row.y) != (0, 0), "was saved at least once: {row:?}");
    }
    database.assert_books_balance().await;
    let run = tokio::time::timeout(Duration::from_secs(60), bots.finished()).await.expect("the bots give up");
    assert_eq!(run.finished.code, Some(0), "nothing was expected of them");
}
