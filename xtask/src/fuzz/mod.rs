//! `cargo xtask fuzz`: libFuzzer over every parser that sees bytes from strangers, on stable Rust.

mod engine;
mod seeds;
mod session;

use std::fs;

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::workspace::Workspace;
use engine::Engine;
use session::{Outcome, Session};

/// Every target: `TARGETS` of `fuzz/src/checks/mod.rs` has the check behind each.
const TARGETS: [&str; 21] = [
    "door_path",
    "services",
    "socketio",
    "netcode",
    "renet",
    "websocket_upgrade",
    "webtransport_stream",
    "http3",
    "stream",
    "client_payload",
    "server_payload",
    "client_message",
    "server_message",
    "link",
    "ticket",
    "connect_token",
    "gateway",
    "map",
    "data",
    "recording",
    "text",
];

#[derive(Args)]
pub struct Arguments {
    /// Minutes per target
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Run only these targets, such as ticket,map
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = TARGETS)]
    target: Vec<String>,
    /// Number of targets that run at a time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Afterwards, store a minimal set of inputs with the most coverage in fuzz/corpus/
    #[arg(long)]
    keep: bool,
}

/// Builds the fuzzer, runs the targets and prints a table; fails when one has found something.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    ensure!(arguments.minutes > 0.0, "--minutes must be more than 0");
    let engine = Engine::build(workspace)?;
    let wanted =
        TARGETS.iter().filter(|name| arguments.target.is_empty() || arguments.target.iter().any(|one| one == *name));
    let sessions: Vec<Session> = wanted.map(|name| Session::prepare(workspace, name)).collect::<Result<_>>()?;
    let mut outcomes = Vec::new();
    for group in sessions.chunks(usize::from(arguments.jobs)) {
        let seconds = (arguments.minutes * 60.0).ceil() as u64;
        let running: Vec<_> = group.iter().map(|session| session.start(&engine, seconds)).collect::<Result<_>>()?;
        for (session, child) in group.iter().zip(running) {
            let outcome = session.finish(child)?;
            println!("{}", outcome.line());
            outcomes.push(outcome);
        }
    }
    if arguments.keep {
        sessions.iter().try_for_each(|session| session.keep(&engine))?;
    }
    report(&engine, &outcomes)
}

fn report(engine: &Engine, outcomes: &[Outcome]) -> Result<()> {
    println!("\n| target | seconds | executions | per second | coverage (edges) | inputs kept | findings |");
    println!("|---|---|---|---|---|---|---|");
    outcomes.iter().for_each(|outcome| println!("{}", outcome.row()));
    let mut found = 0;
    for outcome in outcomes {
        for input in &outcome.findings {
            println!("\n{} fails with {}", outcome.name, input.display());
            println!("  again: {}", engine.repeat(outcome.name, input));
            println!("  said:  {}", outcome.log.display());
            if let Ok(bytes) = fs::metadata(input).map(|file| file.len()) {
                println!("  bytes: {bytes}");
            }
            found += 1;
        }
        if outcome.findings.is_empty() && !outcome.ended_well {
            println!("\n{} did not run: {}", outcome.name, outcome.log.display());
            found += 1;
        }
    }
    if found > 0 {
        bail!("{found} findings");
    }
    Ok(())
}
