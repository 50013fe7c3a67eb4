//! `cargo xtask attack`: hundreds of hostile accounts against a real server beside honest players.

use anyhow::Result;
use clap::Args;

use crate::binaries::Binaries;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Use the debug builds of `cargo test --workspace` instead of release builds
    #[arg(long)]
    debug: bool,
    /// Options of the run: --minutes N, --seed S, --accounts N, --bots N, --profiles N, --only NAMES; see -- --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Two minutes of it with the programs that `cargo test --workspace` has built.
pub fn run_briefly(workspace: &Workspace) -> Result<()> {
    run(workspace, &Arguments { debug: true, rest: ["--minutes", "2"].map(str::to_owned).to_vec() })
}

/// Runs it; what it prints is its own.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    if !arguments.debug {
        return workspace.long_run("attack", false, &arguments.rest);
    }
    let built = Binaries::build(workspace)?;
    let program = built.path("runs")?.to_string_lossy().into_owned();
    let rest = arguments.rest.iter().map(String::as_str);
    workspace.run(&program, &["attack"].into_iter().chain(rest).collect::<Vec<_>>())
}
