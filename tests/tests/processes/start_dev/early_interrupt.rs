//! Ctrl-C while the script still builds and starts, each at another moment and in a run of its own. The programs are
//! small scripts, since what they do is not looked at.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use realmgate_tests::wait::{PATIENCE, found_within};
use realmgate_tests::{Home, Process};
use rustix::process::Signal;

use super::{logs, script};

/// A sidecar or a map server: writes its ready file and stays.
const PART: &str = r#"#!/bin/bash
while [[ $1 != --ready-file ]]; do shift; done
echo '{"directory_addr": "a:1", "gateway_addr": "a:2", "api_addr": "a:3", "game": "a:4"}' >"$2"
exec tail -f /dev/null
"#;

/// A cargo that does not end, with a compiler below it.
const CARGO: &str = r#"#!/bin/bash
tail -f /dev/null &
echo >"$LOGS/build"
wait
"#;

/// What appears in the folder of logs, in this order, while the script starts.
const MOMENTS: [&str; 11] = [
    "",
    "start-dev.pid",
    "sidecar.log",
    "sidecar.pid",
    "sidecar.json",
    "map-1.log",
    "map-1.pid",
    "map-2.log",
    "map-2.pid",
    "map-1.json",
    "map-2.json",
];

#[tokio::test]
async fn ctrl_c_at_any_moment_of_the_start_ends_everything() {
    for moment in MOMENTS {
        let home = Home::new();
        for name in ["sidecar", "start_server"] {
            program(&home, name, PART);
        }
        let mut script = script(&home);
        script.env("BIN_DIR", home.path("bin"));
        interrupt(&home, script, moment).await;
    }
}

#[tokio::test]
async fn ctrl_c_during_the_build_ends_cargo_and_the_compilers() {
    let home = Home::new();
    program(&home, "cargo", CARGO);
    let mut script = script(&home);
    script.env("PATH", format!("{}:/usr/bin:/bin", home.path("bin").display()));
    interrupt(&home, script, "build").await;
}

#[tokio::test]
async fn ctrl_c_right_after_the_spawn_leaves_nothing() {
    let home = Home::new();
    for name in ["sidecar", "start_server"] {
        program(&home, name, PART);
    }
    let mut script = script(&home);
    script.env("BIN_DIR", home.path("bin"));
    let script = Process::start(&home, script);
    until_it_takes_sigint(&script);
    script.signal(Signal::INT);
    // Before bash has read its traps, the signal ends it: there is nothing to end then.
    let code = script.finished_within(PATIENCE * 3).await.code;
    assert!(matches!(code, None | Some(130)), "{code:?}{}", script.told());
    gone(&home).await;
}

/// Waits until a process does not ignore SIGINT. Tests that run in the background ignore it, and so does `env`, which starts the script,
/// until it has set the default.
fn until_it_takes_sigint(process: &Process) {
    let deadline = now() + PATIENCE;
    while ignores_sigint(process.pid()) {
        assert!(now() < deadline, "it ignores SIGINT{}", process.told());
        std::thread::yield_now();
    }
}

fn ignores_sigint(pid: u32) -> bool {
    // One that has ended has none.
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored >> (Signal::INT.as_raw() - 1) & 1 == 1
}

/// Puts a program of this text into a folder of its own.
fn program(home: &Home, name: &str, text: &str) {
    let path = home.path("bin").join(name);
    std::fs::create_dir_all(home.path("bin")).expect("a folder can be made");
    std::fs::write(&path, text).expect("a file can be written");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it is ours");
}

/// Waits until no process is left: a `rm` of the script may end a moment after it, a part of it never would.
async fn gone(home: &Home) {
    if found_within(PATIENCE, async || processes_of(home).is_empty().then_some(())).await.is_none() {
        panic!("the script has left {:?}", processes_of(home));
    }
}

/// Every process that the script started, and those below: they have its environment, which names the home.
fn processes_of(home: &Home) -> Vec<String> {
    let home = home.path("").display().to_string();
    let processes = std::fs::read_dir("/proc").expect("there is /proc").filter_map(|entry| {
        let folder = entry.expect("it can be read").path();
        // One that has just ended has none, as has one that is not a process.
        let environment = std::fs::read(folder.join("environ")).ok()?;
        let is_of_home = String::from_utf8_lossy(&environment).contains(&home);
        is_of_home.then(|| std::fs::read_to_string(folder.join("cmdline")).unwrap_or_default().replace('\0', " "))
    });
    processes.collect()
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a loop that must not pause")]
fn now() -> Instant {
    Instant::now()
}

/// Starts the script, sends SIGINT as soon as this file is in the folder of logs, and demands that nothing is left.
async fn interrupt(home: &Home, script: Command, moment: &str) {
    let awaited = logs(home).join(moment);
    let script = Process::start(home, script);
    let deadline = now() + PATIENCE;
    // Without a pause between two looks, so that the signal follows at once.
    while !awaited.exists() {
        assert!(now() < deadline, "{moment} does not appear{}", script.told());
        std::thread::yield_now();
    }
    script.signal(Signal::INT);
    let code = script.finished_within(PATIENCE * 3).await.code;
    assert_eq!(code, Some(130), "interrupted when {moment:?} appeared{}", script.told());
    gone(home).await;
    let noted = std::fs::read_dir(logs(home)).expect("the folder is there").filter_map(|entry| {
        let path = entry.expect("the folder can be read").path();
        path.extension().is_some_and(|extension| extension == "pid").then_some(path)
    });
    assert_eq!(noted.count(), 0, "no process is noted when interrupted at {moment:?}");
}
