//! What the pictures of a screen say, beside the truth.

use realmgate_client::display::{DisplayCounters, Point};
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::UNITS_PER_TILE;

use super::player::Picture;
use super::truth::Truth;

/// A move of less than this is none, in units.
const STILL_UNITS: f64 = 0.01;

/// The figures of one player on one line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Frames from a key until the own character moves, at most; 0: in the same frame.
    pub own_motion_frames: usize,
    /// How often the server corrected the own position, each minute.
    pub corrections_per_minute: f64,
    /// How far a correction moved it, on average, in tiles.
    pub correction_tiles: f64,
    /// Share of frames in which a correction moved it by more than 0.1 tile.
    pub visible_corrections: f64,
    /// How far from the truth others were shown while they walked, in tiles: half of the frames, and 95 %.
    pub others_p50_tiles: f64,
    /// See `others_p50_tiles`.
    pub others_p95_tiles: f64,
    /// Number of comparisons behind it; of several players, those of the one who saw least.
    pub compared: usize,
}

/// What one session counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Corrections, and all of them together in units.
    pub corrections: (u64, u64),
    /// What the display counted.
    pub display: DisplayCounters,
    /// Minutes of play.
    pub minutes: f64,
}

/// What a screen in a process of its own showed for a while.
#[derive(Debug)]
pub struct Watched {
    /// Its frames.
    pub pictures: Vec<Picture>,
    /// What was counted meanwhile.
    pub counted: Counted,
    /// Whether the connection has ended by itself.
    pub is_over: bool,
}

/// Compares pictures with the truth. `walkers` are those whose places are judged.
fn judge(pictures: &[Picture], counted: Counted, truth: &Truth, walkers: &[EntityId]) -> Figures {
    let mut errors: Vec<f64> = pictures.iter().flat_map(|picture| errors_of(picture, truth, walkers)).collect();
    errors.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let last = errors.len().saturating_sub(1);
        errors.get(((last as f64) * share) as usize).copied().unwrap_or(f64::NAN)
    };
    let (corrections, units) = counted.corrections;
    Figures {
        own_motion_frames: own_motion_frames(pictures),
        corrections_per_minute: corrections as f64 / counted.minutes,
        correction_tiles: units as f64 / f64::from(UNITS_PER_TILE) / corrections.max(1) as f64,
        visible_corrections: counted.display.visible_corrections as f64 / counted.display.frames.max(1) as f64,
        others_p50_tiles: quantile(0.5),
        others_p95_tiles: quantile(0.95),
        compared: errors.len(),
    }
}

/// Compares the screens of all who walked with the truth: the worse of each figure.
pub fn judge_all(screens: &[(Vec<Picture>, Counted)], truth: &Truth, walkers: &[EntityId]) -> Figures {
    let judged = screens.iter().map(|(pictures, counted)| judge(pictures, *counted, truth, walkers));
    judged.reduce(|one, other| one.worst(&other)).unwrap_or_default()
}

/// How far others are shown from where they are, while they walk.
fn errors_of(picture: &Picture, truth: &Truth, walkers: &[EntityId]) -> Vec<f64> {
    let judged = picture.others.iter().filter(|(id, _)| walkers.contains(id));
    let error = |(id, shown): &(EntityId, Point)| {
        let (was, is) = (
            truth.at(*id, picture.at.saturating_sub(std::time::Duration::from_millis(50)))?,
            truth.at(*id, picture.at)?,
        );
        (distance(was, is) > STILL_UNITS).then(|| distance(*shown, is) / f64::from(UNITS_PER_TILE))
    };
    judged.filter_map(error).collect()
}

/// The most frames that passed from a key until the own character moved, where it stood before.
fn own_motion_frames(pictures: &[Picture]) -> usize {
    let mut most = 0;
    for (index, pair) in pictures.windows(2).enumerate() {
        if pair[0].heading.is_none() && pair[1].heading.is_some() {
            let from = pair[0].own;
            let moved = pictures[index + 1..].iter().position(|later| distance(later.own, from) > STILL_UNITS);
            most = most.max(moved.unwrap_or(usize::MAX));
        }
    }
    most
}

fn distance(one: Point, other: Point) -> f64 {
    let (dx, dy) = (one.x - other.x, one.y - other.y);
    (dx * dx + dy * dy).sqrt()
}

impl Figures {
    /// The worse of each figure.
    fn worst(&self, other: &Self) -> Self {
        Self {
            own_motion_frames: self.own_motion_frames.max(other.own_motion_frames),
            corrections_per_minute: self.corrections_per_minute.max(other.corrections_per_minute),
            correction_tiles: self.correction_tiles.max(other.correction_tiles),
            visible_corrections: self.visible_corrections.max(other.visible_corrections),
            others_p50_tiles: self.others_p50_tiles.max(other.others_p50_tiles),
            others_p95_tiles: self.others_p95_tiles.max(other.others_p95_tiles),
            compared: self.compared.min(other.compared),
        }
    }
}
