//! Scripts that play the page in a browser: `cargo xtask browser` starts this.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use realmgate_tests::binaries::workspace;
use realmgate_tests::bots::Bots;
use realmgate_tests::browser::crowd::Crowd;
use realmgate_tests::browser::figures::{self, Figure};
use realmgate_tests::browser::{Played, cast, cores, pictures, play, play_by};
use realmgate_tests::map_server::{MapServer, Settings};
use tokio::process::Command;

/// Newcomers with mouse and keyboard, by keyboard alone, and by touch on a phone.
const SCRIPTS: [&str; 3] = ["newcomer.mjs", "keyboard.mjs", "touch.mjs"];
const WITHIN: Duration = Duration::from_secs(600);
/// Who else is in the world in the pictures.
const BOTS: u32 = 8;
/// A busy machine has time for so many ticks; a server that is late lets nobody in.
const TICK_HZ: &str = "15";
/// Who is on the screen when frames are measured, and while memory is.
const MANY: u16 = 160;
const SOME: u16 = 50;
/// Everybody who is measured, and everybody in the crowd.
const MOST: &str = "400";

/// Play the page of a server in Chromium, from the address to the first kill; write pictures to target/browser
#[derive(Debug, Args)]
pub struct Arguments {
    /// Take pictures of every screen, in target/browser/pictures
    #[arg(long, conflicts_with = "measure")]
    pictures: bool,
    /// Record a fight, and write the moving picture of the README, docs/pictures/play.gif
    #[arg(long, conflicts_with_all = ["measure", "pictures"])]
    moving: bool,
    /// Measure the page and compare it with the targets in docs/performance.md
    #[arg(long)]
    measure: bool,
    /// Minutes of memory measurement
    #[arg(long, default_value_t = 12, value_name = "MINUTES", requires = "measure")]
    minutes: u64,
    /// Measure only these parts
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',', requires = "measure")]
    only: Vec<Part>,
}

/// What `--measure` consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Accessibility,
    Arrival,
    Frames,
    Memory,
}

pub async fn main(arguments: Arguments) -> ExitCode {
    let is_well = if arguments.pictures {
        make_pictures(None).await.is_some()
    } else if arguments.moving {
        make_moving().await
    } else if arguments.measure {
        measure(arguments.minutes, &arguments.only).await
    } else {
        play_all().await
    };
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Shows what a script has said. Answers whether it did what it is for.
fn tell(script: &str, played: Played) -> bool {
    match played {
        Played::Well(said) => {
            print!("{said}");
            true
        }
        Played::Missing(what) | Played::Badly(what) => {
            eprintln!("{script}: {what}");
            false
        }
    }
}

async fn play_all() -> bool {
    let server = MapServer::start_linked(&Settings::new()).await;
    let mut all_well = true;
    for script in SCRIPTS {
        eprintln!("{script} …");
        all_well &= tell(script, play(&server, script, &pictures(), WITHIN).await);
    }
    server.stop().await;
    all_well
}

/// Makes the pictures of all scenes, or of one. Returns their folder.
async fn make_pictures(scene: Option<&str>) -> Option<PathBuf> {
    let server = MapServer::start_linked(&Settings::new().set("TICK_HZ", TICK_HZ)).await;
    cast::cast(&server, &cast::PICTURES).await;
    // They are in the world until the pictures are made, and end with this program.
    let _bots = Bots::start(&server, BOTS, WITHIN.as_secs(), &["--endure", "--expect", "none"]);
    let folder = pictures().join("pictures");
    let token = server.service_token();
    let arguments = [folder.as_os_str(), token.as_ref()];
    let arguments: Vec<&OsStr> = arguments.into_iter().chain(scene.map(OsStr::new)).collect();
    let played = play_by(Command::new("node"), server.api_addr(), "pictures.mjs", &arguments, WITHIN).await;
    let is_well = tell("pictures.mjs", played);
    server.stop().await;
    let folder = folder.canonicalize().unwrap_or(folder);
    is_well.then(|| println!("pictures written to {}", folder.display())).map(|()| folder)
}

/// Records a fight in the browser and makes one moving picture of its frames.
async fn make_moving() -> bool {
    let frames = pictures().join("pictures/moving");
    // Frames of an earlier recording have other times.
    let _ = std::fs::remove_dir_all(&frames);
    if make_pictures(Some("moving")).await.is_none() {
        return false;
    }
    let mut encode = Command::new("cargo");
    encode.args(["run", "--quiet", "--release", "--manifest-path"]).arg(workspace().join("art/Cargo.toml"));
    encode.args(["--bin", "moving", "--"]).arg(frames).arg(workspace().join("docs/pictures/play.gif"));
    matches!(encode.status().await, Ok(status) if status.success())
}

/// First with few in the world and both cores, as a player arrives; then in a crowd, with the browser on a core of its own.
async fn measure(minutes: u64, only: &[Part]) -> bool {
    let is_wanted = |part| only.is_empty() || only.contains(&part);
    let server = MapServer::start_linked(&Settings::new().set("MAX_PLAYERS", MOST)).await;
    cast::cast(&server, &cast::MEASURED).await;
    let mut figures = Vec::new();
    let mut all_well = true;
    if is_wanted(Part::Accessibility) {
        match play(&server, "accessible.mjs", &pictures(), WITHIN).await {
            Played::Missing(what) => return tell("accessible.mjs", Played::Missing(what)),
            played => figures.push(Figure::of_accessibility(&played)),
        }
    }
    if is_wanted(Part::Arrival) {
        all_well &= take(&server, Command::new("node"), ("arrival", 0), &mut figures).await;
    }
    let is_apart = cores::keep_on_the_servers(&[server.process.pid(), std::process::id()]).await;
    for (part, count, what, minutes) in [(Part::Frames, MANY, "frames", 0), (Part::Memory, SOME, "memory", minutes)] {
        if !is_wanted(part) {
            continue;
        }
        let node = if is_apart { cores::on_the_clients("node") } else { Command::new("node") };
        match Crowd::gather(&server, count, cast::FIELD).await {
            Ok(_crowd) => all_well &= take(&server, node, (what, minutes), &mut figures).await,
            Err(error) => {
                eprintln!("{what}: {error:#}");
                all_well = false;
            }
        }
    }
    server.stop().await;
    print!("{}", figures::table(&figures));
    println!("\n{}", figures::machine(is_apart));
    all_well && figures.iter().all(|figure| figure.holds)
}

/// Lets the script take some of the figures. Answers whether it could.
async fn take(server: &MapServer, node: Command, (what, minutes): (&str, u64), figures: &mut Vec<Figure>) -> bool {
    eprintln!("{what} …");
    let arguments = [pictures().into_os_string(), what.into(), minutes.to_string().into()];
    let arguments: Vec<&OsStr> = arguments.iter().map(|argument| argument.as_os_str()).collect();
    let within = WITHIN + Duration::from_secs(60 * minutes);
    match play_by(node, server.api_addr(), "measure.mjs", &arguments, within).await {
        Played::Well(said) => {
            figures.extend(figures::read(&said));
            true
        }
        played => tell("measure.mjs", played),
    }
}
