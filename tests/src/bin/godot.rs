//! Plays of the add-on for Godot, on real servers: `cargo xtask godot` starts this.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use realmgate_tests::conditioner::{Profile, UdpConditioner};
use realmgate_tests::godot::Godot;
use realmgate_tests::map_server::{MapServer, Settings};
use realmgate_tests::sidecar::SidecarProcess;

/// All plays: without a server, at a directory, and in a world.
const PLAYS: [&str; 9] =
    ["classes", "map_server", "minimal", "walk", "bad_line", "travel", "duo", "reconnects", "frames"];
/// How often the player of `reconnects` leaves and enters.
const RECONNECTS: &str = "200";
/// How many things `frames` waits for: mobs come into view by themselves.
const IN_VIEW: &str = "20";
const WITHIN: Duration = Duration::from_secs(600);

/// Plays the add-on for Godot headless on real servers
#[derive(Debug, Parser)]
struct Arguments {
    /// The program
    #[arg(long)]
    godot: PathBuf,
    /// Play these only
    #[arg(long, value_delimiter = ',', value_parser = PLAYS)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let godot = Godot::at(arguments.godot.clone());
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let mut all_well = true;
    for name in PLAYS.into_iter().filter(|name| is_wanted(name)) {
        eprintln!("{name} …");
        match play(&godot, name).await {
            Ok(said) => print!("{said}"),
            Err(why) => {
                eprintln!("{why}");
                all_well = false;
            }
        }
    }
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play(godot: &Godot, name: &str) -> Result<String, String> {
    match name {
        "classes" => godot.play("tests/classes.gd", &[], WITHIN).await,
        "map_server" => map_server(godot).await,
        _ => {
            let server = MapServer::start_linked(&Settings::new()).await;
            let played = in_world(godot, &server, name).await;
            server.stop().await;
            played
        }
    }
}

async fn in_world(godot: &Godot, server: &MapServer, name: &str) -> Result<String, String> {
    let api = format!("http://{}", server.api_addr());
    match name {
        "walk" => godot.play("tests/walk.gd", &[&api, "Walker"], WITHIN).await,
        "bad_line" => {
            let conditions = Profile::named("100ms").ok_or("there is no line of 100 ms")?.conditions;
            let line = UdpConditioner::to(server.ready.game, conditions, 1).await.map_err(|error| error.to_string())?;
            godot.play("tests/walk.gd", &[&api, "Walker", &line.address().to_string()], WITHIN).await
        }
        "frames" => godot.play("tests/frames.gd", &[&api, "Framer", IN_VIEW], WITHIN).await,
        "reconnects" => godot.play("tests/reconnects.gd", &[&api, RECONNECTS], WITHIN).await,
        other => godot.play(&format!("tests/{other}.gd"), &[&api], WITHIN).await,
    }
}

/// A map server in GDScript registers with a sidecar, is looked up, and deregisters.
async fn map_server(godot: &Godot) -> Result<String, String> {
    let sidecar = SidecarProcess::start(&[]).await;
    let directory = format!("http://{}", sidecar.ready.directory_addr);
    let token = sidecar.home.secret("service_token");
    let played = godot.play("tests/map_server.gd", &[&directory, &token], WITHIN).await;
    sidecar.stop().await;
    played
}
