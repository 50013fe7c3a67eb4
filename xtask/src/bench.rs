//! Builds what a bench measures, and starts the bench.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::workspace::Workspace;

/// The packages whose programs are measured, or play.
const PACKAGES: [&str; 3] = ["realmgate-sidecar", "realmgate-server", "realmgate-bot"];

/// What is to be measured: everything, unless a part is named.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Take only a few seconds per figure: a check that everything works, not a measurement
    #[arg(long)]
    quick: bool,
}

#[derive(Subcommand)]
enum Part {
    /// The sidecar's services, compared with a bare axum handler that does the same SQL (docs/performance.md)
    Services {
        /// Build profile
        #[arg(long, default_value = "release")]
        profile: String,
        /// Take only a few seconds per figure: a check that everything works, not a measurement
        #[arg(long)]
        quick: bool,
        /// Only these parts: postgres, idle, embedded, ranks, community, scripts, sockets, door; hashing (not in the default) compares password hashes
        #[arg(long, value_name = "PART", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// A map server full of players, compared with a bare program that moves the same datagrams; writes docs/performance.md
    World(World),
}

/// What of a world is to be measured.
#[derive(Args, Default)]
struct World {
    /// Take only a few seconds per figure, with few players: a check that everything works; writes nothing into docs/
    #[arg(long)]
    quick: bool,
    /// Only these scenarios: spread, crowd, fight, brawl
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    scenario: Vec<String>,
    /// Only with these numbers of players
    #[arg(long, value_name = "N", value_delimiter = ',')]
    players: Vec<usize>,
    /// Only compare these transports with UDP: renet, websocket, webtransport; writes nothing
    #[arg(long, value_name = "TRANSPORT", value_delimiter = ',')]
    transport: Vec<String>,
    /// Number of players of these transports that hang while the round is measured; compared with a round without them
    #[arg(long, value_name = "COUNT", requires = "transport")]
    stalled: Option<usize>,
    /// Keep the raw figures here [default: target/bench/world.json]
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
}

/// Measures what is asked for.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    match &arguments.part {
        Some(Part::Services { profile, quick, only }) => services(workspace, profile, *quick, only),
        Some(Part::World(wanted)) => world(workspace, wanted),
        None => {
            world(workspace, &World { quick: arguments.quick, ..World::default() })?;
            mobs(workspace)?;
            services(workspace, "release", arguments.quick, &[])
        }
    }
}

/// Measures these parts of the sidecar's services, or all of them, built in this profile.
fn services(workspace: &Workspace, profile: &str, quick: bool, only: &[String]) -> Result<()> {
    build(workspace, &PACKAGES, profile)?;
    let mut bench = bench("realmgate-tests", "services", profile);
    let only = only.join(",");
    if quick {
        bench.push("--quick");
    }
    if !only.is_empty() {
        bench.extend(["--only", &only]);
    }
    workspace.run("cargo", &bench)
}

/// Measures the world server. Only all of it, and not in a hurry, is worth writing down.
fn world(workspace: &Workspace, wanted: &World) -> Result<()> {
    build(workspace, &["realmgate-server"], "release")?;
    let mut bench = bench("realmgate-tests", "world", "release");
    let (scenarios, transports) = (wanted.scenario.join(","), wanted.transport.join(","));
    let players = wanted.players.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let stalled = wanted.stalled.map(|count| count.to_string()).unwrap_or_default();
    // The bench runs in a folder of its own.
    let json = wanted.json.as_deref().map(std::path::absolute).transpose()?;
    let json = json.map(|file| file.display().to_string()).unwrap_or_default();
    if wanted.quick {
        bench.push("--quick");
    }
    let values = [
        ("--scenario", scenarios.as_str()),
        ("--players", &players),
        ("--transport", &transports),
        ("--stalled", &stalled),
        ("--json", &json),
    ];
    for (flag, value) in values {
        if !value.is_empty() {
            bench.extend([flag, value]);
        }
    }
    if !wanted.quick && scenarios.is_empty() && players.is_empty() && transports.is_empty() {
        bench.push("--write");
    }
    workspace.run("cargo", &bench)
}

/// Measures mobs that sleep and mobs that are awake.
fn mobs(workspace: &Workspace) -> Result<()> {
    workspace.run("cargo", &bench("realmgate-game", "mobs", "release"))
}

fn build(workspace: &Workspace, packages: &[&str], profile: &str) -> Result<()> {
    let mut build = vec!["build", "--bins", "--profile", profile];
    for package in packages {
        build.extend(["--package", package]);
    }
    workspace.run("cargo", &build)
}

fn bench<'a>(package: &'a str, name: &'a str, profile: &'a str) -> Vec<&'a str> {
    vec!["bench", "--package", package, "--bench", name, "--profile", profile, "--"]
}
