//! Scripts that play the page in a real browser: `clients/page/test/*.mjs`, on Node with playwright-core and Chromium.
//! [`cast`] are characters that stand where a script needs them, [`crowd`] is company for them, [`cores`] keeps both ends
//! apart when it is measured, and [`figures`] is what was.

pub mod cast;
pub mod cores;
pub mod crowd;
pub mod figures;

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use realmgate_services::run;
use tokio::process::Command;

use crate::binaries::workspace;
use crate::map_server::MapServer;

/// What a script ends with where a program that it needs is missing.
const MISSING: i32 = 77;

/// How a script ended.
#[derive(Debug)]
pub enum Played {
    /// It did what it is for. What it said on stdout.
    Well(String),
    /// Node, Chromium or playwright-core is not installed: which, in words.
    Missing(String),
    /// It failed, or took too long: all that it said.
    Badly(String),
}

/// Lets a script play the page of this server. It puts its pictures into `pictures`, and gets the service token besides.
///
/// # Panics
/// When Node is there and does not start.
pub async fn play(server: &MapServer, script: &str, pictures: &Path, within: Duration) -> Played {
    let service_token = server.service_token();
    let arguments = [pictures.as_os_str(), service_token.as_ref()];
    play_by(Command::new("node"), server.api_addr(), script, &arguments, within).await
}

/// As [`play`], at the address of a public API, by a command that runs Node, and with arguments after the address.
///
/// # Panics
/// When Node is there and does not start.
pub async fn play_by(
    mut node: Command,
    api: SocketAddr,
    script: &str,
    arguments: &[&OsStr],
    within: Duration,
) -> Played {
    node.arg(workspace().join("clients/page/test").join(script));
    node.arg(format!("http://{api}")).args(arguments);
    node.envs(run().environment());
    node.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = match node.spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Played::Missing("node (Node.js) is not installed".to_owned());
        }
        child => child.expect("node runs"),
    };
    let Ok(ended) = tokio::time::timeout(within, child.wait_with_output()).await else {
        return Played::Badly(format!("{script} did not end within {} s", within.as_secs()));
    };
    let ended = ended.expect("its output can be read");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    match ended.status.code() {
        Some(0) => Played::Well(said),
        Some(MISSING) => Played::Missing(said.trim().to_owned()),
        _ => Played::Badly(format!("{said}{}", String::from_utf8_lossy(&ended.stderr))),
    }
}

/// Where pictures of the page are left, below the folder of builds.
pub fn pictures() -> std::path::PathBuf {
    workspace().join("target/browser")
}
