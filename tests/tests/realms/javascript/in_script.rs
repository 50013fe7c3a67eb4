//! An actor on the JavaScript client: a script of `clients/js/test` that takes orders and tells pictures, a line each.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use realmgate_tests::{Home, node};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::actors::{Actor, Order, Picture};
use super::{MISSING, PATIENCE};

/// The script that plays in Node.
pub const IN_NODE: &str = "act.mjs";
/// The script that plays in Chromium.
pub const IN_CHROMIUM: &str = "act-in-browser.mjs";

/// Where an actor plays, and how it gets there.
pub struct Play<'a> {
    /// The URL of the API.
    pub api: &'a str,
    /// What carries payloads: `websocket` or `webtransport`.
    pub transport: &'a str,
    /// The ports to connect to instead of the server's own, by those.
    pub ports: Value,
}

/// A running script, and where it writes what goes wrong.
struct Script {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: std::path::PathBuf,
}

/// Starts a script and waits for its first picture; what is missing where it cannot play.
///
/// # Errors
/// What is missing on this machine.
pub async fn enter(script: &str, name: &str, play: &Play<'_>, home: &Home) -> Result<Actor, String> {
    let stderr = home.fresh_path(script);
    let asked = json!({ "base": play.api, "name": name, "transport": play.transport, "ports": play.ports });
    let mut command = node::script(script);
    command.arg(asked.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(File::create(&stderr).expect("a file can be made")).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else { return Err("node (Node.js) is not installed".to_owned()) };
    let stdin = child.stdin.take().expect("it is piped");
    let stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut script = Script { child, stdin, stdout, stderr };
    let first = timeout(PATIENCE, script.stdout.next_line()).await.expect("it says something in time");
    match first.ok().flatten() {
        Some(line) if line.starts_with('{') => Ok(Actor::new(name, |orders, show| script.act(orders, show))),
        line => {
            let status = script.child.wait().await.expect("it ends");
            assert_eq!(status.code(), Some(MISSING), "{name} does not play: {line:?}\n{}", told(&script.stderr));
            Err(line.unwrap_or_default())
        }
    }
}

impl Script {
    async fn act(mut self, mut orders: mpsc::UnboundedReceiver<Order>, show: watch::Sender<Picture>) {
        loop {
            tokio::select! {
                line = self.stdout.next_line() => {
                    let Ok(Some(line)) = line else { break };
                    let picture: Picture = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                    if picture.left.is_some() {
                        // It ends with its stdin, and with it its browser.
                        drop(self.stdin);
                        let _ = self.child.wait().await;
                        return drop(show.send_replace(picture));
                    }
                    show.send_replace(picture);
                }
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    let line = format!("{}\n", order.json());
                    if self.stdin.write_all(line.as_bytes()).await.is_err() { break }
                }
            }
        }
        // A test that waits for it shows this.
        show.send_modify(|picture| picture.left = Some(format!("the script has ended: {}", told(&self.stderr))));
    }
}

fn told(stderr: &Path) -> String {
    fs::read_to_string(stderr).unwrap_or_default()
}
