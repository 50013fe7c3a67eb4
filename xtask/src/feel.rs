//! What players see: `cargo xtask feel`, behind bad lines; `cargo xtask conditioner`, such a line for people; and `cargo xtask
//! browser`, the page.

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Debug builds instead of release builds
    #[arg(long)]
    debug: bool,
    /// What the program takes; --help after -- says more
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Measures how play feels; what it prints is its own.
pub fn measure(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.run_of_tests("feel", arguments.debug, &arguments.rest)
}

/// Stands between clients and a server until it is ended.
pub fn condition(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.run_of_tests("conditioner", arguments.debug, &arguments.rest)
}

/// Plays the page in a browser.
pub fn browse(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    workspace.run_of_tests("browser", arguments.debug, &arguments.rest)
}
