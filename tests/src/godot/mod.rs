//! Scripts that play in Godot: `clients/godot/tests/*.gd`, headless. [`plays`] is what they play on.

pub mod plays;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::binaries::workspace;
use crate::browser::cores;

/// What a line of a script begins with that wishes for something which only the test can do.
const WISH: &str = "> ";

/// A Godot with the add-on's project: `cargo xtask godot` has made both.
#[derive(Debug, Clone)]
pub struct Godot {
    program: PathBuf,
    is_apart: bool,
}

impl Godot {
    /// This one.
    pub fn at(program: PathBuf) -> Self {
        Self { program, is_apart: false }
    }

    /// The same on a core of its own, to be measured: [`cores`] has the others on theirs.
    pub fn apart(&self) -> Self {
        Self { is_apart: true, ..self.clone() }
    }

    /// A headless run of a script, with arguments.
    fn command(&self, script: &str, arguments: &[&str]) -> Command {
        let mut godot = if self.is_apart { cores::on_the_clients(&self.program) } else { Command::new(&self.program) };
        godot.args(["--headless", "--path"]).arg(workspace().join("clients/godot"));
        godot.args(["--script", &format!("res://{script}"), "--"]).args(arguments);
        godot.stdout(Stdio::piped()).kill_on_drop(true);
        godot
    }

    /// Starts a script that reads its standard input, and says on stdout what it shows. Its complaints stand on the terminal.
    ///
    /// # Errors
    /// When Godot does not start.
    pub fn with_keys(&self, script: &str, arguments: &[&str]) -> std::io::Result<Child> {
        self.command(script, arguments).stdin(Stdio::piped()).spawn()
    }

    /// Lets a script play to its end, and gives what it said on stdout.
    ///
    /// # Errors
    /// All that it said, when it fails, complains, or takes too long.
    ///
    /// # Panics
    /// When Godot does not start.
    pub async fn play(&self, script: &str, arguments: &[&str], within: Duration) -> Result<String, String> {
        self.play_with(script, arguments, within, async |wish| panic!("nobody grants {wish}")).await
    }

    /// As [`Godot::play`], for a script that wishes for something: `grants` is called for each of its lines `> wish`.
    ///
    /// # Errors
    /// All that it said, when it fails, complains, or takes too long.
    ///
    /// # Panics
    /// When Godot does not start.
    pub async fn play_with(
        &self,
        script: &str,
        arguments: &[&str],
        within: Duration,
        mut grants: impl AsyncFnMut(&str),
    ) -> Result<String, String> {
        let mut godot = self.command(script, arguments);
        let mut child = godot.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("Godot runs");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut stderr = child.stderr.take().expect("it is piped");
        let (mut said, mut complained) = (String::new(), Vec::new());
        let listens = async {
            while let Ok(Some(line)) = lines.next_line().await {
                match line.strip_prefix(WISH) {
                    Some(wish) => grants(wish).await,
                    None => said.push_str(&format!("{line}\n")),
                }
            }
        };
        let plays = async {
            let (_, read) = tokio::join!(listens, stderr.read_to_end(&mut complained));
            read.expect("its complaints can be read");
            child.wait().await.expect("it ends")
        };
        let ended = tokio::time::timeout(within, plays).await;
        let complained = String::from_utf8_lossy(&complained);
        match ended {
            Err(_) => Err(format!("{script} did not end within {} s\n{said}{complained}", within.as_secs())),
            // A script that does not parse or fails in the middle ends well for Godot.
            Ok(status) if status.success() && !complained.contains("ERROR:") && !complained.contains("FAILED:") => {
                Ok(said)
            }
            Ok(status) => Err(format!("{script}: {status}\n{said}{complained}")),
        }
    }
}
