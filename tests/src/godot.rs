//! Scripts that play in Godot: `clients/godot/tests/*.gd`, headless, on real servers.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::binaries::workspace;

/// A Godot with the add-on's project: `cargo xtask godot` has made both.
#[derive(Debug, Clone)]
pub struct Godot {
    program: PathBuf,
}

impl Godot {
    /// This one.
    pub fn at(program: PathBuf) -> Self {
        Self { program }
    }

    /// Lets a script play to its end, and gives what it said on stdout.
    ///
    /// # Errors
    /// All that it said, when it fails, complains, or takes too long.
    ///
    /// # Panics
    /// When Godot does not start.
    pub async fn play(&self, script: &str, arguments: &[&str], within: Duration) -> Result<String, String> {
        let mut godot = Command::new(&self.program);
        godot.args(["--headless", "--path"]).arg(workspace().join("clients/godot"));
        godot.args(["--script", &format!("res://{script}"), "--"]).args(arguments);
        godot.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = godot.spawn().expect("Godot runs");
        let Ok(ended) = tokio::time::timeout(within, child.wait_with_output()).await else {
            return Err(format!("{script} did not end within {} s", within.as_secs()));
        };
        let ended = ended.expect("its output can be read");
        let (said, complained) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        // A script that does not parse or fails in the middle ends well for Godot.
        let is_well = ended.status.success() && !complained.contains("ERROR:") && !complained.contains("FAILED:");
        if is_well { Ok(said.into_owned()) } else { Err(format!("{script}: {}\n{said}{complained}", ended.status)) }
    }
}
