//! Traces of the parts of a display: clocks, tracks and smoothings.

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_client::display::{DisplayClock, Point, Smoothing, Track};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Course, Going, Position};
use serde_json::{Value, json};

use crate::Counts;

/// A place as JSON; null for nowhere.
pub(crate) fn place(at: Option<Point>) -> Value {
    at.map_or(Value::Null, |at| json!([at.x, at.y]))
}

/// A clock on a line that changes, and whose server sometimes is another.
pub(crate) fn clock(random: &mut Pcg64, counts: &mut Counts) -> Value {
    if random.random_ratio(1, 4) {
        return steady_clock(random, counts);
    }
    let tick_hz = [0, 1, 10, 20, 30, 50, 60, 144][random.random_range(0..8)];
    let extrapolation_ms = [0.0, 50.0, 150.0, random.random_range(0.0..300.0)][random.random_range(0..4)];
    let mut clock = DisplayClock::new(tick_hz, extrapolation_ms);
    let mut now_ms = random.random_range(0.0..1e6);
    let mut began_ms = now_ms - random.random_range(0.0..1e5);
    let (mut late_ms, mut jitter_ms) = (20.0, random.random_range(0.0..80.0));
    let mut last = None;
    let mut steps = Vec::new();
    for _ in 0..90 {
        now_ms += random.random_range(0.0..20.0);
        if random.random_ratio(1, 60) {
            (late_ms, jitter_ms) = (random.random_range(0.0..400.0), random.random_range(0.0..200.0));
        }
        if random.random_ratio(1, 60) {
            began_ms -= random.random_range(-1e4..1e5);
        }
        steps.push(match random.random_range(0..8u8) {
            0..=2 => {
                let passed_ms = now_ms - began_ms - late_ms - random.random_range(0.0..=jitter_ms);
                let tick = (passed_ms / clock.tick_ms()) as u32;
                clock.observe(Tick(tick), now_ms);
                json!(["observe", tick, now_ms, told(&clock, now_ms)])
            }
            3 => {
                let ms = random.random_range(-20.0..200.0);
                clock.observe_round_trip(ms);
                json!(["observeRoundTrip", ms, now_ms, told(&clock, now_ms)])
            }
            _ => {
                // Sometimes a host's clock goes back, or a page was not looked at.
                let at_ms = now_ms + [0.0, 0.0, 0.0, -5.0, 900.0][random.random_range(0..5)];
                let wanted = clock.present(at_ms) - clock.delay_ms() / clock.tick_ms();
                let tick = clock.advance(at_ms);
                if let Some((last, last_ms)) = last.replace((tick, at_ms)) {
                    let passed = (at_ms - last_ms) / clock.tick_ms();
                    counts.note_if(tick == wanted && (tick - last - passed).abs() > 15.0, "clock: jump");
                    counts.note_if(((tick - last) / passed - 1.0).abs() > 0.09, "clock: stretched");
                }
                counts.note("clock: advance");
                counts.note_if(clock.delay_ms() > 0.0, "clock: behind");
                json!(["advance", at_ms, [tick, told(&clock, at_ms)]])
            }
        });
    }
    json!({ "tickHz": tick_hz, "extrapolationMs": extrapolation_ms, "steps": steps })
}

/// A clock on a line without jitter, whose server is ahead by whole ticks all at once: also by just as many as make no jump.
fn steady_clock(random: &mut Pcg64, counts: &mut Counts) -> Value {
    let mut clock = DisplayClock::new(50, 0.0);
    let mut ahead = 0;
    let mut steps = Vec::new();
    for tick in 0..90 {
        if random.random_ratio(1, 8) {
            ahead += random.random_range(13..18);
        }
        let now_ms = f64::from(tick) * clock.tick_ms();
        clock.observe(Tick(tick + ahead), now_ms);
        steps.push(json!(["observe", tick + ahead, now_ms, told(&clock, now_ms)]));
        let shown = clock.advance(now_ms);
        counts.note("clock: advance");
        steps.push(json!(["advance", now_ms, [shown, told(&clock, now_ms)]]));
    }
    json!({ "tickHz": 50, "extrapolationMs": 0, "steps": steps })
}

fn told(clock: &DisplayClock, now_ms: f64) -> Value {
    json!([clock.tick_ms(), clock.jitter_ms(), clock.round_trip_ms(), clock.delay_ms(), clock.present(now_ms)])
}

/// The courses of something that walks, is corrected and jumps, and where it is shown at any time.
pub(crate) fn track(random: &mut Pcg64, counts: &mut Counts) -> Value {
    let mut track = Track::default();
    let mut tick = random.random_range(0..100_000u32);
    let mut at = Position { x: random.random_range(0..40_000), y: random.random_range(0..4_000_000) };
    let mut newest = None;
    // Some are told so often that the oldest courses are no longer kept.
    let most_apart = random.random_range(2..12);
    let mut steps = vec![];
    for _ in 0..40 {
        if random.random_ratio(1, 2) {
            tick = if random.random_ratio(1, 6) {
                tick.saturating_sub(random.random_range(0..4))
            } else {
                tick + random.random_range(1..most_apart)
            };
            let off = if random.random_ratio(1, 8) { 6_000 } else { 150 };
            let moved = |axis: i32, random: &mut Pcg64| (axis + random.random_range(-off..=off)).max(0);
            at = Position { x: moved(at.x, random), y: moved(at.y, random) };
            let going = match random.random_range(0..4u8) {
                0 => Going::Stands,
                1 => Going::Drifts(random.random_range(-2_047..=2_047), random.random_range(-2_047..=2_047)),
                _ => Going::Ahead(random.random_range(0..300)),
            };
            let course = Course { position: at, facing: Angle(random.random()), going };
            let is_new = track.push(Tick(tick), course);
            counts.note_if(!is_new, "track: refused");
            newest = newest.max(Some(tick));
            steps.push(json!(["push", tick, [at.x, at.y, course.facing], json_of(going), is_new]));
        }
        let between: f64 = if random.random_ratio(1, 3) { 0.0 } else { random.random() };
        let shown_at = f64::from(tick) + f64::from(random.random_range(-50..10)) + between;
        let shown = track.at(shown_at);
        counts.note_if(shown.is_none(), "track: nowhere");
        counts.note_if(newest.is_some_and(|newest| shown_at < f64::from(newest)), "track: between courses");
        steps.push(json!(["at", shown_at, place(shown)]));
    }
    json!({ "steps": steps })
}

fn json_of(going: Going) -> Value {
    match going {
        Going::Stands => json!({ "type": "Stands" }),
        Going::Ahead(units) => json!({ "type": "Ahead", "units": units }),
        Going::Drifts(dx, dy) => json!({ "type": "Drifts", "dx": dx, "dy": dy }),
    }
}

/// Corrections, and the time that passes between them.
pub(crate) fn smoothing(random: &mut Pcg64, counts: &mut Counts) -> Value {
    let half_life_ms = random.random_range(10.0..100.0);
    let mut smoothing = Smoothing::new(half_life_ms);
    let point = |random: &mut Pcg64| Point { x: random.random_range(0.0..4e6), y: random.random_range(0.0..4e6) };
    let mut steps = vec![];
    for _ in 0..40 {
        let there = point(random);
        if random.random_ratio(1, 4) {
            let most = if random.random_ratio(1, 8) { 5_000.0 } else { 500.0 };
            let mut off = || random.random_range(-most..most);
            let here = Point { x: there.x + off(), y: there.y + off() };
            smoothing.correct(here, there);
            let shown = smoothing.shown(there);
            counts.note_if(shown == there, "smoothing: jump");
            steps.push(json!(["correct", [here.x, here.y], [there.x, there.y], place(Some(shown))]));
        }
        let ms = random.random_range(-2.0..60.0);
        let moved = smoothing.pass(ms);
        counts.note_if(moved > 0.0, "smoothing: moved");
        steps.push(json!(["pass", ms, [there.x, there.y], [moved, place(Some(smoothing.shown(there)))]]));
    }
    json!({ "halfLifeMs": half_life_ms, "steps": steps })
}
