//! The scripts of `clients/js/test`, in Node.

use std::path::PathBuf;

use tokio::process::Command;

use crate::binaries::workspace;

/// One of these scripts, on Node.
pub fn script(script: &str) -> Command {
    on(Command::new("node"), script)
}

/// The same on a Node that can speak WebTransport; `None` where `.ci/run` has not installed it.
pub fn script_with_webtransport(script: &str) -> Option<Command> {
    let program = tools()?.join("bin/node-for-webtransport");
    program.is_file().then(|| on(Command::new(program), script))
}

fn on(mut node: Command, script: &str) -> Command {
    node.args(["--no-warnings", "--experimental-websocket"]).arg(workspace().join("clients/js/test").join(script));
    node
}

/// Where `.ci/run` puts what it installs, as the scripts find it.
#[expect(clippy::disallowed_methods, reason = "no program's setting: where a machine keeps caches")]
fn tools() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    Some(cache.join("realmgate-tools"))
}
