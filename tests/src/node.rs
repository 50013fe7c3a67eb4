//! The scripts of `clients/js/test`, in Node.

use realmgate_services::run;
use tokio::process::Command;

use crate::binaries::workspace;

/// One of these scripts, on Node.
pub fn script(script: &str) -> Command {
    let mut node = Command::new("node");
    node.envs(run().environment());
    node.args(["--no-warnings", "--experimental-websocket"]).arg(workspace().join("clients/js/test").join(script));
    node
}
