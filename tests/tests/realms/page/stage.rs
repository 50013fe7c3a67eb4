//! A script that plays the page and asks for what only a test can do: it says what it wants, a line of JSON each.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use realmgate_services::run;
use realmgate_tests::binaries::workspace;
use realmgate_tests::browser::pictures;
use realmgate_tests::{Home, MapServer};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What a script ends with where a program that it needs is missing.
const MISSING: i32 = 77;

/// Something that a script wants. It goes on when it has been [done](Script::done).
#[derive(Debug, Deserialize)]
pub struct Wish {
    id: u64,
    /// What it wants.
    #[serde(flatten)]
    pub what: What,
}

/// What a script can want.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The player in Rust walks to a point, in units.
    Walk([i32; 2]),
    /// It uses its first ability on an entity whenever it may; null to stop.
    Attack(Option<u32>),
    /// It sends a request, as that goes over the wire.
    Ask(Vec<u8>),
    /// The lines of all players are to be so.
    Lines(LinesAre),
    /// Something becomes of the server.
    Server(Fate),
    /// The test looks at the server: the script has come this far.
    Step(Step),
}

/// How far a script has come.
#[derive(Debug, Deserialize)]
pub struct Step {
    /// What has happened.
    pub name: String,
    /// The user whom it is about, if any.
    pub user: Option<String>,
    character: Option<String>,
    server: Option<String>,
}

impl Step {
    /// The id of the user's character.
    ///
    /// # Panics
    /// When the step has none.
    pub fn character(&self) -> &str {
        self.character.as_deref().unwrap_or_else(|| panic!("{self:?} has a character"))
    }

    /// The id of the map server in the entry point that the page was sent.
    ///
    /// # Panics
    /// When the step has none.
    pub fn server(&self) -> &str {
        self.server.as_deref().unwrap_or_else(|| panic!("{self:?} has a map server"))
    }
}

/// How lines can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinesAre {
    /// As good cables.
    Good,
    /// Nothing gets through, and nothing breaks for it.
    Silent,
    /// WebSockets break, and there are no others.
    Cut,
}

/// What can become of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It loses its power.
    Kill,
    /// An operator ends it.
    Stop,
    /// It is started again, at the same ports.
    Start,
}

/// A running script.
pub struct Script {
    name: String,
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: PathBuf,
    /// What it has said besides: how far it has come.
    said: String,
}

impl Script {
    /// Starts a script of `clients/page/test` on a server whose ports are reached through others. `None` where there is no
    /// Node.
    pub fn start(name: &str, server: &MapServer, ports: &Value) -> Option<Self> {
        Self::start_at(name, (&server.settings.home, server.api_addr()), ports)
    }

    /// As [`Script::start`], on the public API at an address; its complaints go to a file in the home.
    pub fn start_at(name: &str, (home, api): (&Home, SocketAddr), ports: &Value) -> Option<Self> {
        let stderr = home.fresh_path(name);
        let mut node = Command::new("node");
        node.arg(workspace().join("clients/page/test").join(name));
        node.arg(format!("http://{api}")).arg(pictures()).env("PORTS_THROUGH", ports.to_string());
        node.envs(run().environment());
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        node.stderr(File::create(&stderr).expect("a file can be made"));
        let mut child = match node.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            child => child.expect("node runs"),
        };
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Some(Self { name: name.to_owned(), child, stdin, stdout, stderr, said: String::new() })
    }

    /// The next thing that it wants; `None` when it has nothing more to say.
    ///
    /// # Panics
    /// When it says something that is no wish.
    pub async fn next(&mut self) -> Option<Wish> {
        loop {
            let line = self.stdout.next_line().await.ok()??;
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
            }
            self.said.push_str(&format!("{line}\n"));
        }
    }

    /// What it wanted is done.
    pub async fn done(&mut self, wish: &Wish) {
        self.tell(&json!({ "done": wish.id })).await;
    }

    /// Tells it something. One that has ended does not mind.
    pub async fn tell(&mut self, what: &Value) {
        let _ = self.stdin.write_all(format!("{what}\n").as_bytes()).await;
    }

    /// Waits for its end: whether it has played, or something that it needs is missing here.
    ///
    /// # Panics
    /// When it has failed. All that it said is in the message.
    pub async fn has_played(mut self) -> bool {
        let ended = self.child.wait().await.expect("it ends").code();
        let complaint = || fs::read_to_string(&self.stderr).unwrap_or_default();
        let Self { name, said, .. } = &self;
        assert!(ended == Some(0) || ended == Some(MISSING), "{name}: {said}{}", complaint());
        ended == Some(0)
    }
}
