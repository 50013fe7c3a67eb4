//! `scripts/start-dev.sh`: a sidecar and two map servers, and nobody left when it ends.

mod early_interrupt;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use realmgate_tests::binaries::{binaries, workspace};
use realmgate_tests::home::read;
use realmgate_tests::process::{command, is_alive};
use realmgate_tests::wait::{PATIENCE, until_within};
use realmgate_tests::{Account, Api, Gateway, Home, Process, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const PARTS: [&str; 3] = ["sidecar", "map-1", "map-2"];

/// Starts the script with the real programs.
fn start(home: &Home) -> Process {
    let mut script = script(home);
    script.env("BIN_DIR", binaries().sidecar.parent().expect("a program lies in a folder"));
    Process::start(home, script)
}

/// The script, from a folder that is not the repository's.
pub(super) fn script(home: &Home) -> Command {
    // A shell cannot trap what was ignored when it started, and a run of tests in the background ignores SIGINT.
    let mut script = command(Path::new("/usr/bin/env"));
    script.arg("--default-signal").arg(workspace().join("scripts/start-dev.sh"));
    script.current_dir(home.path("")).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    script.env("DATA_DIR", home.data_dir()).env("LOGS", logs(home)).env("PORTS", "0 0");
    script.envs(["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"].map(|listener| (listener, "127.0.0.1:0")));
    script
}

fn logs(home: &Home) -> PathBuf {
    home.path("logs")
}

/// Waits until the script says where to play.
async fn up(script: &Process) {
    until_within("the world is up", PATIENCE * 3, async || {
        assert!(script.is_running(), "the script has ended{}", script.told());
        script.stdout().contains("Play at http://127.0.0.1:").then_some(())
    })
    .await;
}

fn pid(home: &Home, part: &str) -> u32 {
    let text = read(&logs(home).join(format!("{part}.pid")));
    text.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a process id")
}

fn pids(home: &Home) -> Vec<u32> {
    PARTS.iter().map(|part| pid(home, part)).collect()
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).expect("a process id"), Signal::KILL).expect("it runs");
}

fn assert_all_gone(home: &Home, pids: &[u32]) {
    assert!(pids.iter().all(|pid| !is_alive(*pid)), "every part is gone");
    let left = std::fs::read_dir(logs(home)).expect("the folder is there").filter_map(|entry| {
        let path = entry.expect("the folder can be read").path();
        path.extension().is_some_and(|extension| extension == "pid").then_some(path)
    });
    assert_eq!(left.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "no process is noted any more");
}

/// An address in the sidecar's ready file.
fn ready_addr(home: &Home, name: &str) -> SocketAddr {
    let ready: Value = serde_json::from_str(&read(&logs(home).join("sidecar.json"))).expect("JSON");
    ready[name].as_str().expect("an address").parse().expect("an address")
}

fn api_of_the_run(home: &Home) -> Api {
    Api::new(ready_addr(home, "api_addr"))
}

async fn hosted_maps(home: &Home) -> Vec<u64> {
    let api = Api::new(ready_addr(home, "directory_addr")).with_token(&home.secret("service_token"));
    let servers = api.get("/map-registry/servers").await.json(200);
    let servers = servers.as_array().expect("a list").iter();
    servers.flat_map(|server| server["supported_maps"][0].as_u64()).collect()
}

#[tokio::test]
async fn ctrl_c_ends_the_sidecar_and_both_map_servers() {
    let home = Home::new();
    let script = start(&home);
    up(&script).await;
    assert_eq!(hosted_maps(&home).await, [1, 2]);
    assert!(script.stdout().contains("gateway: ws://127.0.0.1:"), "{}", script.told());
    for part in PARTS {
        assert!(!read(&logs(&home).join(format!("{part}.log"))).is_empty(), "{part} has a log");
    }
    let api = api_of_the_run(&home);
    let account = Account::register(&api).await;
    let gateway_log = || read(&logs(&home).join("gateway.log"));
    let query = format!("?token={}", account.access_token);
    let _gateway = Gateway::connect(ready_addr(&home, "gateway_addr"), &query, &[]).await.expect("it is open");
    let connected = format!("User {} connected", account.user_id);
    until("the gateway's log has the user", async || gateway_log().contains(&connected).then_some(())).await;
    for (log, own) in
        [("auth", "registered account="), ("world", "map server registered"), ("gateway", connected.as_str())]
    {
        for file in ["auth", "world", "gateway"] {
            let text = read(&logs(&home).join(format!("{file}.log")));
            assert_eq!(text.contains(own), file == log, "{own:?} in {file}.log: {text}");
            assert!(text.contains("sidecar: ready"), "lines of no single role are in each: {text}");
        }
    }
    let parts = pids(&home);
    script.signal(Signal::INT);
    assert_eq!(script.finished_within(PATIENCE * 3).await.code, Some(130), "{}", script.told());
    assert_all_gone(&home, &parts);
    let sidecar = read(&logs(&home).join("sidecar.log"));
    assert!(sidecar.contains("the sidecar is down"), "it was not killed: {sidecar}");
}

#[tokio::test]
async fn what_an_earlier_run_left_is_ended_and_nobody_else() {
    let home = Home::new();
    let script = start(&home);
    up(&script).await;
    let earlier = pids(&home);
    script.signal(Signal::KILL);
    script.finished().await;
    assert!(earlier.iter().all(|pid| is_alive(*pid)), "who is killed cannot end its parts");
    // A process of somebody else that has got the number of one that ended long ago.
    let mut stranger = command(Path::new("/usr/bin/tail"));
    stranger.args(["-f", "/dev/null"]);
    let stranger = Process::start(&home, stranger);
    std::fs::write(logs(&home).join("map-9.pid"), format!("{} 1\n", stranger.pid())).expect("a file can be written");

    let script = start(&home);
    up(&script).await;
    assert!(earlier.iter().all(|pid| !is_alive(*pid)), "the earlier parts are gone");
    assert!(stranger.is_running(), "the stranger is left alone");
    assert_eq!(hosted_maps(&home).await, [1, 2]);

    let parts = pids(&home);
    kill(pid(&home, "map-2"));
    let finished = script.finished_within(PATIENCE * 3).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("map-2 has stopped"), "{}", script.told());
    assert_all_gone(&home, &parts);
}

#[tokio::test]
async fn a_second_start_takes_the_place_of_the_first() {
    let home = Home::new();
    let first = start(&home);
    up(&first).await;
    let parts = pids(&home);
    let second = start(&home);
    until("the first run ends", async || (!first.is_running()).then_some(())).await;
    up(&second).await;
    assert!(parts.iter().all(|pid| !is_alive(*pid)), "the first run has ended its parts");
    assert!(pids(&home).iter().all(|pid| is_alive(*pid)), "and none of the second's{}", second.told());
    let parts = pids(&home);
    second.terminate();
    let code = second.finished_within(PATIENCE * 3).await.code;
    assert_eq!(code, Some(143), "{}", second.told());
    assert_all_gone(&home, &parts);
}
