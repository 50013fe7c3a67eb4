//! Scripts that play the page in a browser: `cargo xtask browser` starts this.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people: the terminal is its output")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use realmgate_tests::browser::{Played, pictures, play};
use realmgate_tests::map_server::{MapServer, Settings};

/// Newcomers with mouse and keyboard, by keyboard alone, and by touch on a phone.
const SCRIPTS: [&str; 3] = ["newcomer.mjs", "keyboard.mjs", "touch.mjs"];
const WITHIN: Duration = Duration::from_secs(600);

/// Starts a server and plays its page in Chromium, from the address to the first kill; pictures go to target/browser
#[derive(Debug, Parser)]
struct Arguments {}

#[tokio::main]
async fn main() -> ExitCode {
    Arguments::parse();
    let server = MapServer::start_linked(&Settings::new()).await;
    let mut all_well = true;
    for script in SCRIPTS {
        eprintln!("{script} …");
        match play(&server, script, &pictures(), WITHIN).await {
            Played::Well(said) => print!("{said}"),
            Played::Missing(what) | Played::Badly(what) => {
                eprintln!("{script}: {what}");
                all_well = false;
            }
        }
    }
    server.stop().await;
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
