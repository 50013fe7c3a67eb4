//! `cargo xtask chaos`: long runs of a whole realm under faults, in release builds.

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Use debug builds instead of release builds
    #[arg(long)]
    debug: bool,
    /// Options of the run: --seeds N, --from N, --minutes N, --bots N, --sqlite; see -- --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs them; what they print is theirs.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.long_run("chaos", arguments.debug, &arguments.rest)
}
