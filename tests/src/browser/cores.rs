//! Who runs on which core, so that a figure is about one end alone.

use std::ffi::OsStr;

use tokio::process::Command;

/// Of the server and its other players.
const SERVER: &str = "0";
/// Of the client that is measured: Node and the browser, or Godot.
const CLIENT: &str = "1";

/// Keeps processes, and all that they start from now on, on the server's core. Answers whether it could: it takes two
/// cores, and `taskset`.
pub async fn keep_on_the_servers(processes: &[u32]) -> bool {
    let has_two = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    for process in processes {
        let mut taskset = Command::new("taskset");
        taskset.args(["--all-tasks", "--cpu-list", "--pid", SERVER]).arg(process.to_string());
        if !has_two || !taskset.output().await.is_ok_and(|ended| ended.status.success()) {
            return false;
        }
    }
    true
}

/// A command for a program on the core of the client that is measured.
pub fn on_the_clients(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", CLIENT]).arg(program);
    command
}
