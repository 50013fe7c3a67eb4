//! Directions, the movement step and lines of sight.

use realmgate_protocol::bits::{BitField, BitWriter};
use realmgate_protocol::movement::{Angle, CollisionGrid, Position, step};
use serde_json::{Value, json};

use crate::vectors::{Vector, check};

/// Walls of one tile, blocks, corners that touch, nooks, and a corridor one tile wide.
const MAZE: [&str; 10] = [
    "............",
    ".##..#......",
    ".##..#.##...",
    "......#.....",
    ".#.#......#.",
    ".###..##.#..",
    "......##....",
    "#.#.........",
    ".#...#.#....",
    "............",
];

fn maze() -> CollisionGrid {
    CollisionGrid::from_rows(&MAZE).unwrap()
}

#[test]
fn directions_are_as_recorded() {
    let vectors: Vec<(i32, i32)> = (0..=255).map(|step| Angle(step).vector()).collect();
    let as_bytes = |numbers: &[(i32, i32)]| -> Vec<u8> {
        numbers.iter().flat_map(|(x, y)| [*x as i16, *y as i16]).flat_map(i16::to_le_bytes).collect()
    };
    let samples = [0, 1, 63, 136, 170, 256, 1_024].into_iter();
    let scaled: Vec<Value> = samples
        .flat_map(|units| (0..=255u8).step_by(5).map(move |angle| (angle, units)))
        .map(|(angle, units)| {
            let (dx, dy) = Angle(angle).scaled(units);
            json!([angle, units, dx, dy])
        })
        .collect();
    let ends: Vec<(i32, i32)> =
        scaled.iter().map(|row| (row[2].as_i64().unwrap() as i32, row[3].as_i64().unwrap() as i32)).collect();
    let table = "The unit vector of each of the 256 directions, times 16,384, as [x, y]. Hex: 16-bit little endian.";
    let lengths = "[angle, units, dx, dy]: vectors of a length. Hex: dx and dy, 16-bit little endian.";
    check(
        "angles",
        &[
            Vector::new("table", table, json!(vectors), &as_bytes(&vectors)),
            Vector::new("scaled", lengths, json!(scaled), &as_bytes(&ends)),
        ],
    );
}

/// A very simple random number generator, so that the vectors are the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn movement_is_as_recorded() {
    let walk = |name: &str, seed, tile: (i32, i32), radius, units| {
        let (grid, mut chance) = (maze(), Chance(seed));
        let (mut at, mut heading) = (Position::tile_centre(tile.0, tile.1), 0u8);
        let (start, mut bits) = (at, BitWriter::default());
        let steps: Vec<Value> = (0..80)
            .map(|number| {
                // Mostly straight ahead, to slide along walls and meet corners.
                if number == 0 || chance.next(6) == 0 {
                    heading = chance.next(256) as u8;
                }
                let (dx, dy) = Angle(heading).scaled(units);
                at = step(&grid, at, radius, dx, dy);
                assert!(grid.is_free(at, radius), "{name} is in a wall after step {number}");
                at.write(&mut bits);
                json!([heading, units, at.x, at.y])
            })
            .collect();
        let what = "A walk: [heading, units per tick, x, y after it]. Hex: the positions.";
        let value = json!({ "rows": MAZE, "radius": radius, "start": start, "walk": steps });
        Vector::new(name, what, value, bits.bytes())
    };
    let push = |name: &str, seed, tile: (i32, i32), radius, most: i32| {
        let (grid, mut chance) = (maze(), Chance(seed));
        let mut at = Position::tile_centre(tile.0, tile.1);
        let (start, mut bits) = (at, BitWriter::default());
        let mut part = || chance.next(2 * most as u64 + 1) as i32 - most;
        let steps: Vec<Value> = (0..80)
            .map(|_| {
                let (dx, dy) = (part(), part());
                at = step(&grid, at, radius, dx, dy);
                at.write(&mut bits);
                json!([dx, dy, at.x, at.y])
            })
            .collect();
        let what = "Any vectors: [dx, dy, x, y after it]; what is longer than a tile along an axis is cut.";
        let value = json!({ "rows": MAZE, "radius": radius, "start": start, "push": steps });
        Vector::new(name, what, value, bits.bytes())
    };
    // Each from its own start: where pushing does not help, and inside a wall because the map changed.
    let wedged = [
        [567, 8_777, 6_515, -16, -40],
        [536, 6_668, 7_956, 18, 100],
        [568, 2_563, 3_772, -30, 125],
        [549, 6_832, 9_672, 88, 0],
        [583, 6_574, 9_626, -89, 14],
        [554, 2_694, 3_663, 97, -18],
        [556, 671, 6_574, 92, 69],
        [540, 2_719, 3_656, 117, -114],
        [320, 1_536, 1_536, 100, 30],
        [320, 1_536, 1_536, -1_024, 0],
        [320, 3_000, 1_536, -50, 20],
    ];
    let mut ends = BitWriter::default();
    let wedged: Vec<Value> = wedged
        .into_iter()
        .map(|[radius, x, y, dx, dy]| {
            let end = step(&maze(), Position { x, y }, radius, dx, dy);
            end.write(&mut ends);
            json!([radius, x, y, dx, dy, end.x, end.y])
        })
        .collect();
    let what = "Single steps that end in the last resorts: [radius, x, y, dx, dy, x and y after it]. Hex: the ends.";
    let wedged = Vector::new("wedged", what, json!({ "rows": MAZE, "single": wedged }), ends.bytes());
    check(
        "movement",
        &[
            wedged,
            walk("walk", 1, (4, 3), 320, 136),
            walk("walk_thin", 2, (7, 4), 256, 170),
            walk("walk_wide", 3, (4, 6), 480, 136),
            walk("walk_as_wide_as_a_corridor", 4, (0, 0), 512, 100),
            walk("walk_slow", 5, (2, 4), 320, 7),
            walk("walk_fast", 6, (9, 6), 320, 1_024),
            push("push", 7, (4, 3), 320, 600),
            push("push_too_far", 8, (8, 9), 256, 3_000),
            push("push_in_a_nook", 9, (1, 7), 400, 200),
        ],
    );
}

#[test]
fn lines_of_sight_are_as_recorded() {
    let (grid, mut chance) = (maze(), Chance(10));
    let mut point = || Position { x: chance.next(12 * 1_024) as i32, y: chance.next(10 * 1_024) as i32 };
    let mut lines: Vec<(Position, Position)> = (0..60).map(|_| (point(), point())).collect();
    // Along an axis, exactly through corners, to the start itself, and out of the map.
    let tile = Position::tile_centre;
    lines.extend([
        (tile(0, 0), tile(11, 0)),
        (tile(0, 1), tile(4, 1)),
        (tile(4, 1), tile(4, 9)),
        (tile(5, 3), tile(7, 1)),
        (tile(6, 1), tile(5, 2)),
        (tile(0, 8), tile(2, 6)),
        (tile(0, 9), tile(9, 0)),
        (tile(3, 3), tile(3, 3)),
        (tile(11, 9), tile(12, 9)),
    ]);
    let mut bits = BitWriter::default();
    let seen: Vec<Value> = lines
        .into_iter()
        .map(|(from, to)| {
            let sees = grid.line_of_sight(from, to);
            sees.write(&mut bits);
            json!([from.x, from.y, to.x, to.y, sees])
        })
        .collect();
    let what = "[x, y, to x, to y, whether nothing solid is between]. Hex: one bit for each line.";
    let value = json!({ "rows": MAZE, "lines": seen });
    let runs = maze().to_runs();
    assert_eq!(CollisionGrid::from_runs(12, 10, &runs), Some(maze()), "the runs describe the grid");
    let run_bytes: Vec<u8> = runs.iter().map(|run| *run as u8).collect();
    let runs_what = "A grid as in MapLayout.runs: lengths of open, solid, open and so on. Hex: one byte for each run.";
    check(
        "grid",
        &[
            Vector::new("line_of_sight", what, value, bits.bytes()),
            Vector::new("runs", runs_what, json!({ "rows": MAZE, "runs": runs }), &run_bytes),
        ],
    );
}
