//! Checks that the JavaScript library does what this one does: its own tests, and traces of this library that it replays.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use realmgate_client::session::{Intent, Motion, Predictor};
use realmgate_protocol::bits::{BitReader, BitWriter};
use realmgate_protocol::movement::{Angle, CollisionGrid, Course, MAX_STEP_UNITS, Position, UNITS_PER_TILE, step};
use realmgate_skip::skip;
use serde_json::{Value, json};

/// How many traces of each kind are replayed.
const STEPS: usize = 5_000;
const COURSES: usize = 3_000;
const PREDICTIONS: usize = 2_000;

/// What Node answers; `None` where it is not installed.
fn node(arguments: &[PathBuf]) -> Option<Output> {
    match Command::new("node").args(arguments).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip("node (Node.js) is not installed: the JavaScript client was not tested");
            None
        }
        ran => Some(ran.unwrap()),
    }
}

fn test_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../js/test")
}

#[test]
fn the_tests_of_the_javascript_library_pass() {
    let files = fs::read_dir(test_folder()).unwrap().map(|file| file.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".test.js")).collect();
    assert!(files.len() >= 10, "{files:?}");
    let flags = ["--test", "--test-reporter=tap"].map(PathBuf::from);
    let Some(ran) = node(&[&flags[..], &files].concat()) else { return };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let count = |what: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("# {what} ")));
        line.and_then(|count| count.parse::<usize>().ok()).unwrap_or_else(|| panic!("no count of {what} in {said}"))
    };
    // Each stands at the beginning of a line, or is made by a function that is called there.
    let is_test = |line: &&str| line.starts_with("test(\"") || line.starts_with("each(\"");
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let written: usize = texts.map(|text| text.lines().filter(is_test).count()).sum();
    let passed = count("pass");
    assert!(passed >= written && written >= 80, "{passed} tests passed, the files hold {written}");
    assert_eq!(["fail", "skipped", "todo", "cancelled"].map(count), [0; 4]);
}

#[test]
fn javascript_moves_and_predicts_to_the_unit() {
    let mut random = Pcg64::seed_from_u64(20);
    let traces = json!({
        "steps": (0..STEPS).map(|_| steps(&mut random)).collect::<Vec<_>>(),
        "courses": (0..COURSES).map(|_| course(&mut random)).collect::<Vec<_>>(),
        "predictions": (0..PREDICTIONS).map(|_| prediction(&mut random)).collect::<Vec<_>>(),
    });
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traces.json");
    fs::write(&file, traces.to_string()).unwrap();
    let Some(ran) = node(&[test_folder().join("traces.mjs"), file]) else { return };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let counts: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let replayed = ["steps", "courses", "predictions"].map(|kind| counts[kind].as_u64());
    assert_eq!(replayed, [STEPS, COURSES, PREDICTIONS].map(|count| Some(count as u64)));
    for (name, least) in [("positions", 150_000), ("blocked", 10_000), ("corrections", 1_000)] {
        assert!(counts[name].as_u64().unwrap() >= least, "{name}: {counts}");
    }
}

/// A map of a few tiles, some of them solid.
fn rows(random: &mut Pcg64) -> Vec<String> {
    let (width, height, open) = (random.random_range(3..12), random.random_range(3..12), random.random_range(2..8u8));
    let mut row = || (0..width).map(|_| if random.random_range(0..=open) == 0 { '#' } else { '.' }).collect();
    (0..height).map(|_| row()).collect()
}

fn grid(rows: &[String]) -> CollisionGrid {
    CollisionGrid::from_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
}

/// Anywhere on the map, in a wall too.
fn somewhere(random: &mut Pcg64, grid: &CollisionGrid) -> Position {
    let axis = |random: &mut Pcg64, tiles: u32| random.random_range(0..tiles as i32 * UNITS_PER_TILE);
    Position { x: axis(random, grid.width()), y: axis(random, grid.height()) }
}

/// Walks and pushes, also longer ones than a step may be.
fn steps(random: &mut Pcg64) -> Value {
    let rows = rows(random);
    let grid = grid(&rows);
    let radius = random.random_range(1..600);
    let from = somewhere(random, &grid);
    let mut at = from;
    let mut walk = || {
        let (dx, dy) = if random.random() {
            Angle(random.random()).scaled(random.random_range(0..=MAX_STEP_UNITS))
        } else {
            (random.random_range(-1_500..1_500), random.random_range(-1_500..1_500))
        };
        at = step(&grid, at, radius, dx, dy);
        [dx, dy, at.x, at.y]
    };
    let steps: Vec<_> = (0..12).map(|_| walk()).collect();
    json!({ "rows": rows, "radius": radius, "from": [from.x, from.y], "steps": steps })
}

/// A course as it is read, and where it is later.
fn course(random: &mut Pcg64) -> Value {
    let near = Position { x: random.random_range(0..4_194_304), y: random.random_range(0..4_194_304) };
    let within = |random: &mut Pcg64, units: i32| (units + random.random_range(-32_000..32_000)).clamp(0, 4_194_303);
    let position = Position { x: within(random, near.x), y: within(random, near.y) };
    let facing = Angle(random.random());
    let (dx, dy) = match random.random_range(0..3u8) {
        0 => (0, 0),
        1 => facing.scaled(random.random_range(0..2_048)),
        _ => (random.random_range(-2_047..2_048), random.random_range(-2_047..2_048)),
    };
    let mut out = BitWriter::default();
    Course::going(position, facing, dx, dy).write(&mut out);
    let bytes = out.into_bytes();
    let read = Course::read(&mut BitReader::new(&bytes), near).unwrap();
    let after = [0, 1, random.random_range(0..60), random.random_range(0..100_000), u32::MAX].map(|ticks| {
        let at = read.after(ticks);
        json!([ticks, at.x, at.y])
    });
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "hex": hex, "near": [near.x, near.y], "after": after })
}

/// A player whose commands come late and whose snapshots are lost, on a server that pushes it now and then.
fn prediction(random: &mut Pcg64) -> Value {
    let rows = random.random_ratio(3, 4).then(|| rows(random));
    let grid = rows.as_ref().map(|rows| grid(rows));
    let start = grid.as_ref().map_or(Position { x: 9_000, y: 700 }, |grid| somewhere(random, grid));
    let (radius, lag) = (random.random_range(200..500), random.random_range(1..12));
    let mut units = random.random_range(0..400);
    let mut predictor = Predictor::new(grid.clone().map(Into::into), radius);
    let mut server = vec![start];
    let mut events = Vec::new();
    for tick in 0..40 {
        let heading = random.random_ratio(4, 5).then(|| Angle(random.random()));
        predictor.issue(Intent { heading, action: None }, Motion { units_per_tick: units });
        events.push(told(&predictor, "issue", json!({ "heading": heading, "units": units })));
        let (dx, dy) = heading.map_or((0, 0), |heading| heading.scaled(units));
        let mut to = grid.as_ref().map_or(server[tick].offset(dx, dy), |grid| step(grid, server[tick], radius, dx, dy));
        if random.random_ratio(1, 30) {
            to = to.offset(random.random_range(-300..300), random.random_range(-300..300));
        }
        server.push(Position { x: to.x.max(0), y: to.y.max(0) });
        if random.random_ratio(1, 40) {
            units = random.random_range(0..400);
        }
        if let Some(behind) = (tick + 1).checked_sub(lag).filter(|_| random.random_ratio(2, 3)) {
            let at = server[behind];
            predictor.reconcile(at, behind as u32, Motion { units_per_tick: units });
            let happened = json!({ "at": [at.x, at.y], "last": behind, "units": units });
            events.push(told(&predictor, "reconcile", happened));
        }
    }
    json!({ "rows": rows, "radius": radius, "events": events })
}

/// What happened to a predictor, and what it answers then.
fn told(predictor: &Predictor, what: &str, happened: Value) -> Value {
    let newest: Vec<_> = predictor.newest().iter().map(|command| json!([command.number, command.heading])).collect();
    let at = predictor.position().map(|at| [at.x, at.y]);
    json!({ what: happened, "at": at, "corrections": predictor.corrections(), "newest": newest })
}
