//! `cargo xtask soak`: players come and go for long, and what grows is found.

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Use debug builds instead of release builds
    #[arg(long)]
    debug: bool,
    /// Options of the run: --minutes N, --backend embedded|postgres, --players N, --life S, --seed N; see -- --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs it; what it prints is its own.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.long_run("soak", arguments.debug, &arguments.rest)
}
