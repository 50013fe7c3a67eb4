//! Nobody walks faster by lying: about its clock, about its commands, or about what it saw.

use std::sync::LazyLock;

use realmgate_engine::channel::ToChannel;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::wire::datagram::SnapshotAck;
use realmgate_protocol::wire::{Action, Aim, InputCommand, Seen};

use crate::scene::{EAST, Scene, session, tile};

/// How long everybody walks.
const TICKS: u32 = 600;
const STEP: i32 = 4 * 1_024 / 30;

/// A frame: what it acknowledges, and its commands.
type Frame = (SnapshotAck, Vec<InputCommand>);

fn east(number: u32) -> InputCommand {
    InputCommand { number, heading: Some(EAST), action: None }
}

fn prompt(now: u32) -> SnapshotAck {
    SnapshotAck { newest: Tick(now), before: u32::MAX }
}

/// How far to the east somebody gets who sends these frames before each tick; `frames` is asked with the tick's number from 1
/// and the newest tick of the server.
fn way(mut frames: impl FnMut(u32, u32) -> Vec<Frame>) -> i32 {
    let row = format!("S{}", ".".repeat(99));
    let mut scene = Scene::new(&[&row, &row.replace('S', ".")], &[]);
    scene.enter(1, "fighter", tile(2, 1));
    let me = scene.player(1);
    let Position { x: from, .. } = scene.at(me);
    for tick in 1..=TICKS {
        for (ack, commands) in frames(tick, scene.now().0) {
            let commands = commands.into_iter().collect();
            scene.channel.push(ToChannel::Frame { session: session(1), ack, commands });
        }
        scene.tick();
    }
    scene.at(me).x - from
}

static HONEST: LazyLock<i32> = LazyLock::new(|| {
    let way = way(|tick, now| vec![(prompt(now), (tick.saturating_sub(6).max(1)..=tick).map(east).collect())]);
    assert_eq!(way, TICKS as i32 * STEP, "the honest one walks in each tick");
    way
});

#[track_caller]
fn gains_nothing(what: &str, frames: impl FnMut(u32, u32) -> Vec<Frame>) {
    let (way, honest) = (way(frames), *HONEST);
    assert!(way * 100 <= honest * 102, "{what}: {way} units instead of {honest}");
    assert!(way * 2 >= honest, "{what}: it is not that nothing was heard: {way} of {honest}");
}

#[test]
fn a_clock_that_runs_fast_gains_nothing() {
    for times in [2, 3, 7] {
        gains_nothing(&format!("{times} ticks in one"), |tick, now| {
            let newest = tick * times;
            vec![(prompt(now), (newest.saturating_sub(6).max(1)..=newest).map(east).collect())]
        });
    }
    gains_nothing("seven frames in one tick", |tick, now| {
        (7 * tick - 6..=7 * tick).map(|newest| (prompt(now), vec![east(newest)])).collect()
    });
}

#[test]
fn saving_up_for_a_burst_gains_nothing() {
    for silent in [4, 8, 15] {
        gains_nothing(&format!("silent for {silent} ticks"), |tick, now| {
            let all: Vec<_> = (tick.saturating_sub(13).max(1)..=tick).map(east).collect();
            let frames = all.chunks(7).map(|commands| (prompt(now), commands.to_vec())).collect();
            if tick.is_multiple_of(silent) { frames } else { Vec::new() }
        });
    }
}

#[test]
fn repeated_and_skipped_numbers_gain_nothing() {
    gains_nothing("each frame five times", |tick, now| {
        vec![(prompt(now), (tick.saturating_sub(6).max(1)..=tick).map(east).collect()); 5]
    });
    gains_nothing("numbers with gaps", |tick, now| {
        vec![(prompt(now), vec![east(1_000 * tick), east(1_000 * tick + 1)])]
    });
    gains_nothing("old numbers again", |tick, now| {
        let old = (1..=tick).map(east).take(6).chain([east(tick)]).collect();
        vec![(prompt(now), old), (prompt(now), vec![east(tick)])]
    });
    gains_nothing("numbers from near the end", |tick, now| {
        vec![(prompt(now), (0..3).map(|more| east(u32::MAX - 2 - 3 * TICKS + 3 * tick + more)).collect())]
    });
}

#[test]
fn a_clock_of_the_future_or_the_past_gains_nothing() {
    let acknowledges: [fn(u32) -> SnapshotAck; 4] = [
        |now| prompt(now + 1_000),
        |now| prompt(now.saturating_sub(1_000)),
        |_| SnapshotAck::default(),
        |now| SnapshotAck { newest: Tick(u32::MAX - now), before: now },
    ];
    for ack in acknowledges {
        gains_nothing("ticks that are not", |tick, now| {
            vec![(ack(now), (2 * tick - 1..=2 * tick).map(east).collect())]
        });
    }
}

#[test]
fn lies_about_what_was_seen_gain_nothing() {
    for off in [0, -7, -1_000, 1_000] {
        gains_nothing(&format!("{off} ticks off"), |tick, now| {
            let seen = Some(Seen { tick: Tick(now.saturating_add_signed(off)), part: 7 });
            // A sweep in each tick: most are refused, by the global cooldown.
            let action = Some(Action { seen, ..Action::new(1, Aim::Direction(EAST)) });
            vec![(prompt(now), vec![InputCommand { action, ..east(2 * tick - 1) }, east(2 * tick)])]
        });
    }
}
