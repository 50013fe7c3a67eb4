//! How play feels on bad lines: `cargo xtask feel` starts this.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use realmgate_client::clock::Clock;
use realmgate_client::transport::Carrier;
use realmgate_tests::conditioner::{PROFILES, Profile};
use realmgate_tests::feel::hits;
use realmgate_tests::feel::report::{misses, table};
use realmgate_tests::feel::round::{Core, Realm};
use realmgate_tests::godot::Godot;
use realmgate_tests::map_server::{MapServer, Settings};

/// Play on simulated bad networks, and compare what players see with the server
#[derive(Debug, Args)]
pub struct Arguments {
    /// Seconds of walking on each network profile
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Network profiles: lan, 50ms, 100ms, 200ms, 300ms [default: all]
    #[arg(long, value_name = "LINE", value_delimiter = ',')]
    line: Vec<String>,
    /// Transport [default: udp, or websocket for the JavaScript library]
    #[arg(long, value_enum)]
    transport: Option<Transport>,
    /// Client library: js needs Node 20, and Chromium for webtransport; godot needs --godot
    #[arg(long, value_enum, default_value_t)]
    core: Library,
    /// Path of Godot for `--core godot`; `cargo xtask feel` sets it
    #[arg(long, required_if_eq("core", "godot"))]
    godot: Option<PathBuf>,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    Udp,
    Renet,
    Websocket,
    Webtransport,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Library {
    #[default]
    Rust,
    Js,
    Godot,
}

pub async fn main(arguments: Arguments) -> ExitCode {
    match feel(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every target is met.
async fn feel(arguments: &Arguments) -> Result<bool> {
    let named = |name: &String| Profile::named(name).with_context(|| format!("unknown network profile {name}"));
    let profiles = match arguments.line.as_slice() {
        [] => PROFILES.to_vec(),
        names => names.iter().map(named).collect::<Result<_>>()?,
    };
    let (core, carrier) = match (arguments.core, arguments.transport) {
        (Library::Js, None | Some(Transport::Websocket)) => (Core::JavaScript, Carrier::WebSocket),
        (Library::Js, Some(Transport::Webtransport)) => (Core::JavaScript, Carrier::WebTransport),
        (Library::Js, Some(Transport::Udp | Transport::Renet)) => {
            bail!("the JavaScript library supports only websocket and webtransport")
        }
        (Library::Godot, None | Some(Transport::Udp)) => {
            let program = arguments.godot.clone().context("--core godot needs --godot PATH")?;
            (Core::Godot(Godot::at(program)), Carrier::Udp)
        }
        (Library::Godot, Some(_)) => bail!("the add-on supports only udp"),
        (Library::Rust, None | Some(Transport::Udp)) => (Core::Rust, Carrier::Udp),
        (Library::Rust, Some(Transport::Renet)) => (Core::Rust, Carrier::Renet),
        (Library::Rust, Some(Transport::Websocket)) => (Core::Rust, Carrier::WebSocket),
        (Library::Rust, Some(Transport::Webtransport)) => (Core::Rust, Carrier::WebTransport),
    };
    let settings = Settings::new();
    let assets = settings.home.fresh_path("assets");
    hits::lay(&assets)?;
    let server = MapServer::start_linked(&settings.set("ASSETS_DIR", &assets.to_string_lossy())).await;
    let realm = Realm { server: &server, clock: Clock::start(), core, carrier, seed: arguments.seed };
    let mut measured = Vec::new();
    for profile in profiles {
        eprintln!(
            "{0}: {1} s of walking, {1} s of fighting, then 3 s without a connection",
            profile.name, arguments.seconds
        );
        measured.push(realm.measure(profile, Duration::from_secs(arguments.seconds)).await?);
    }
    server.stop().await;
    println!("{}", table(&measured));
    let misses = misses(&measured);
    misses.iter().for_each(|miss| println!("missed: {miss}"));
    Ok(misses.is_empty())
}
