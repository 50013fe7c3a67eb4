//! The process that waits for the end of a test process and removes what is left of its run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::run::MARK;
use crate::{postgres, redis};

/// Names the run and its folder to the process that is to be its reaper.
const RUN: &str = "REALMGATE_REAPER_OF";
const READY: &str = "reaper: ready";
/// How long killed processes may take to end.
const KILLED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes a test program able to be the reaper of its own run. Belongs at the root of each test program.
#[macro_export]
macro_rules! reaper {
    () => {
        /// No test: the reaper of this program's runs.
        #[test]
        fn reaper() {
            $crate::reaper::serve_if_asked();
        }
    };
}

/// Starts the reaper of a run. It works when its input is closed, and that is when the test process has ended.
pub(crate) fn start(id: &str, folder: &Path) -> Child {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(["--exact", "reaper", "--nocapture", "--test-threads=1"]);
    command.env(RUN, format!("{id} {}", folder.display())).env_remove(MARK);
    // Ctrl-C in a terminal goes to a whole group. The reaper has work to do after it.
    let command = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a program that runs can be started again");
    let output = child.stdout.take().expect("it is piped");
    // It says no more after this line, so nobody has to read on.
    let is_ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.ends_with(READY));
    assert!(is_ready, "this test program has no reaper: add `realmgate_services::reaper!();` to its root");
    child
}

/// Serves as the reaper and ends the process, where this process was started as one.
#[expect(clippy::disallowed_methods, reason = "this is how the process that started us asks")]
pub fn serve_if_asked() {
    let Ok(run) = std::env::var(RUN) else { return };
    let (id, folder) = run.split_once(' ').expect("a run has an id and a folder");
    serve(id, Path::new(folder));
    std::process::exit(0);
}

/// Waits for the end of the test process, then removes what carries its id. Each line of the input names a service that
/// the run uses: `postgres URL` or `redis URL`.
fn serve(id: &str, folder: &Path) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{READY}").and_then(|()| stdout.flush()).expect("the test process reads this line");
    let services: BTreeSet<String> = std::io::stdin().lines().map_while(Result::ok).collect();

    let killed = kill_marked(id);
    if killed > 0 {
        eprintln!("reaper: killed {killed} processes that this test run left behind");
    }
    for service in &services {
        let cleaned = match service.split_once(' ') {
            Some(("postgres", url)) => postgres::drop_all(url, id).map_err(|error| error.to_string()),
            Some(("redis", url)) => redis::delete_all(url, id).map_err(|error| error.to_string()),
            _ => Err("no such service".to_owned()),
        };
        if let Err(error) = cleaned {
            eprintln!("reaper: run {id} may have left something on {service}: {error}");
        }
    }
    if let Err(error) = fs::remove_dir_all(folder) {
        eprintln!("reaper: {} is left behind: {error}", folder.display());
    }
}

/// Kills every process that carries the id of a run: in its mark, or in the path of its data. Returns how many there were.
fn kill_marked(id: &str) -> usize {
    let mut killed = BTreeSet::new();
    let begun = now();
    loop {
        let left: Vec<i32> = processes().filter(|pid| is_marked(*pid, id.as_bytes())).collect();
        if left.is_empty() || now() - begun > KILLED_WITHIN {
            return killed.len();
        }
        for pid in left {
            // It may have ended meanwhile.
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
            killed.insert(pid);
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Whether another process than this one was started with an id in its environment. One that has ended has none.
fn is_marked(pid: i32, id: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    pid.cast_unsigned() != std::process::id() && environment.windows(id.len()).any(|part| part == id)
}

#[expect(clippy::disallowed_methods, reason = "no world's time: how long killed processes take to end")]
fn now() -> Instant {
    Instant::now()
}
