//! `--replay`: replays recordings and reports whether the results are the same.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use realmgate_engine::channel::BuildWorld;
use realmgate_engine::record::{RecordingEnd, Replay, Replayed, Source};
use realmgate_engine::tick_threads::TickThreads;
use realmgate_protocol::realm;

use crate::args::Args;
use crate::console;
use crate::data::{self, World};
use crate::failure::Failure;

/// Interval between two progress messages of a long replay.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Everything needed to replay a recording.
struct Stage {
    world: World,
    build: BuildWorld,
    sources: Vec<Source>,
    threads: TickThreads,
}

/// Replays all files, `args.threads` of them at a time.
///
/// # Errors
///
/// Fails if the data cannot be loaded, or if a recording cannot be read or its replay differs.
pub fn replay_all(args: &Args) -> Result<(), Failure> {
    let world = data::load(args)?;
    let build = realmgate_game::build_world(world.game.clone(), world.maps.clone());
    let threads = TickThreads::new(args.tick_threads());
    let stage = Stage { world, build, sources: data::sources(args)?, threads };
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..usize::from(args.threads).min(args.replay.len()) {
            scope.spawn(|| {
                while let Some(file) = args.replay.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failed.fetch_add(usize::from(!replay_one(&stage, file)), Ordering::Relaxed);
                }
            });
        }
    });
    match failed.into_inner() {
        0 => Ok(()),
        failed => Err(Failure::Other(anyhow!("{failed} of {} recordings failed to replay", args.replay.len()))),
    }
}

/// Replays one file and prints the result. Returns whether it was the same.
fn replay_one(stage: &Stage, file: &Path) -> bool {
    let name = file.display();
    match replay(stage, file) {
        Ok(Replayed { ticks, last, end }) => {
            let last = last.map_or("none".to_owned(), |hash| hash.to_string());
            console::say(&format!("{name}: {ticks} ticks replayed, all state hashes equal; last hash {last}."));
            match end {
                RecordingEnd::Whole => {}
                RecordingEnd::CutOff => {
                    console::say(&format!("{name}: the recording ends within a tick, which was skipped."))
                }
                RecordingEnd::Panicked(panic) => {
                    console::say(&format!("{name}: the last tick panicked as recorded: {panic}."))
                }
            }
            true
        }
        Err(error) => {
            console::progress(&format!("{name}: {error:#}"));
            false
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a replay takes is said to people and reaches no world")]
fn replay(stage: &Stage, file: &Path) -> anyhow::Result<Replayed> {
    let mut recording = Replay::open(BufReader::new(File::open(file).context("cannot open the recording")?))?;
    recording.check(realm::protocol_hash(), &stage.sources)?;
    recording.share_ticks(stage.threads.clone());
    let header = recording.header();
    let (map, tick_hz) = (header.key.map, header.tick_hz);
    let map = stage.world.maps.get(map).with_context(|| format!("unknown map {map}"))?.clone();
    let start = Instant::now();
    let mut told = start;
    let speed = |ticks: u32| {
        let rate = f64::from(ticks) / start.elapsed().as_secs_f64().max(1e-9);
        format!("{rate:.0} ticks/s, {:.1} times real time", rate / f64::from(tick_hz))
    };
    let replayed = recording.run(map, &stage.build, |ticks| {
        // The clock is not read in every tick.
        if ticks % 256 == 0 && told.elapsed() > TELL_EVERY {
            told = Instant::now();
            console::progress(&format!("{}: {ticks} ticks so far, {}", file.display(), speed(ticks)));
        }
    })?;
    console::progress(&format!("{}: {}", file.display(), speed(replayed.ticks)));
    Ok(replayed)
}
