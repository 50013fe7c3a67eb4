//! How fast a recording replays: `cargo bench -p realmgate-game --bench replay -- --minutes 10 --players 50`.
//! `--out FILE` keeps the recording, for `start_server --replay FILE`.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures time and tells it")]

#[path = "../tests/world/fight.rs"]
mod fight;

use std::process::ExitCode;
use std::time::Instant;

use fight::{Fight, Shipped};
use realmgate_engine::record::Replay;

const TICK_HZ: u32 = 20;

fn main() -> ExitCode {
    let minutes: u32 = option("--minutes").unwrap_or(10);
    let players: u16 = option("--players").unwrap_or(50);
    let shipped = Shipped::load();
    let ticks = minutes * 60 * TICK_HZ;

    let mut fight = Fight::start(&shipped, players, TICK_HZ, Default::default(), Vec::new());
    let start = Instant::now();
    let last = fight.ticks(ticks);
    let played = start.elapsed();
    let recording = fight.finish();
    println!(
        "played and recorded {minutes} min, {players} players, {TICK_HZ} Hz, in {played:.2?}; {} bytes",
        recording.len()
    );
    if let Some(file) = option::<std::path::PathBuf>("--out")
        && let Err(error) = std::fs::write(&file, &recording)
    {
        println!("cannot write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }

    let start = Instant::now();
    let replayed = Replay::open(recording.as_slice()).and_then(|it| it.run(shipped.map, &shipped.build, |_| {}));
    let took = start.elapsed();
    match replayed {
        Ok(replayed) if replayed.last == Some(last) => {
            let rate = f64::from(ticks) / took.as_secs_f64();
            let speed = rate / f64::from(TICK_HZ);
            println!("replayed {ticks} ticks in {took:.2?}: {rate:.0} ticks/s, {speed:.1} times real time");
            ExitCode::SUCCESS
        }
        other => {
            println!("it did not come out the same: {other:?}");
            ExitCode::FAILURE
        }
    }
}

fn option<T: std::str::FromStr>(name: &str) -> Option<T> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next()?.parse().ok()
}
