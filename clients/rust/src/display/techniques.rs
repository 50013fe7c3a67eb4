//! What would be shown without one technique: the figures of docs/feel.md, on a simulated line of 50 ms each way with up to
//! 20 ms more and 2 % lost.

use realmgate_protocol::movement::Angle;

use super::lab::{Lab, OTHER, Picture};
use super::tests::{BAD, between, lab};
use super::*;

const FRAMES: usize = 12_000;
/// How far the other walks in a frame, in units: half a tick's way.
const WALKED: f64 = 68.0;
/// A frame in which the other moves by so much more or less is uneven, in tiles: a quarter of its walk.
const UNEVEN_TILES: f64 = WALKED / 4.0 / 1_024.0;

/// What is shown of the other player, in one way or another.
#[derive(Debug, Default)]
struct Shown {
    last: Option<Point>,
    /// Tiles from where it is.
    errors: Vec<f64>,
    /// Tiles that it moves in a frame beside its walk.
    leaps: Vec<f64>,
}

impl Shown {
    fn note(&mut self, at: Point, truth: Point) {
        self.errors.push(between(at, truth) / 1_024.0);
        if let Some(last) = self.last.replace(at) {
            self.leaps.push((between(at, last) - WALKED).abs() / 1_024.0);
        }
    }

    /// Error of half of the frames and of 95 %, the leap that one frame in a thousand exceeds, and the share of uneven frames.
    fn figures(mut self) -> [f64; 4] {
        self.errors.sort_by(f64::total_cmp);
        self.leaps.sort_by(f64::total_cmp);
        let of = |values: &[f64], share: f64| values[((values.len() - 1) as f64 * share) as usize];
        let uneven = self.leaps.iter().filter(|leap| **leap > UNEVEN_TILES).count() as f64 / self.leaps.len() as f64;
        [of(&self.errors, 0.5), of(&self.errors, 0.95), of(&self.leaps, 0.999), uneven]
    }
}

/// What is shown of the other where `place` says where that is.
fn shown(mut place: impl FnMut(&Lab, &Picture) -> Option<Point>) -> [f64; 4] {
    let mut lab = lab(BAD);
    let mut shown = Shown::default();
    for _ in 0..FRAMES {
        let picture = lab.frame();
        if let Some(at) = place(&lab, &picture) {
            shown.note(at, picture.other_truth);
        }
    }
    shown.figures()
}

/// Where the other is by its courses alone at a tick.
fn on_track(lab: &Lab, tick: f64) -> Option<Point> {
    lab.display.others.get(&OTHER)?.track.at(tick)
}

/// The tick of the newest snapshot, and the time since it came: a clock that every snapshot sets anew.
#[derive(Default)]
struct Newest(Option<(Tick, f64)>);

impl Newest {
    fn tick(&mut self, lab: &Lab) -> f64 {
        let (newest, now_ms) = (lab.display.newest, ms(lab.now));
        let (tick, came_ms) = self.0.filter(|(tick, _)| *tick == newest).unwrap_or((newest, now_ms));
        self.0 = Some((tick, came_ms));
        f64::from(tick.0) + (now_ms - came_ms) / lab.display.clock.tick_ms()
    }
}

#[track_caller]
fn assert_near(figures: [f64; 4], documented: [f64; 4]) {
    let is_near = |(is, documented): (&f64, &f64)| (is - documented).abs() <= 0.1 * documented + 0.005;
    assert!(figures.iter().zip(&documented).all(is_near), "{figures:.3?}, and docs/feel.md says {documented:?}");
}

#[test]
fn with_everything() {
    assert_near(shown(|_, picture| Some(picture.other)), [0.03, 0.08, 0.12, 0.034]);
}

#[test]
fn without_smoothing_it_leaps() {
    assert_near(shown(|lab, _| on_track(lab, lab.display.tick())), [0.03, 0.07, 0.43, 0.008]);
}

#[test]
fn without_the_clock_it_is_shown_late_and_stutters() {
    let mut newest = Newest::default();
    assert_near(shown(|lab, _| on_track(lab, newest.tick(lab))), [0.27, 0.33, 0.07, 0.14]);
}

#[test]
fn with_a_fixed_delay_it_is_shown_later() {
    let mut newest = Newest::default();
    let place = |lab: &Lab, _: &Picture| on_track(lab, newest.tick(lab) - 100.0 / lab.display.clock.tick_ms());
    assert_near(shown(place), [0.67, 0.73, 0.07, 0.14]);
}

#[test]
fn without_prediction_the_own_character_waits_for_the_server() {
    let mut lab = lab(BAD);
    let mut waited = Vec::new();
    for press in 0..60u8 {
        let at = |lab: &Lab| lab.session.own_entity().and_then(|own| own.position());
        let stands = at(&lab);
        lab.heading = Some(Angle(press * 4));
        let pressed = lab.now;
        while at(&lab) == stands {
            lab.frame();
        }
        waited.push(ms(lab.now - pressed));
        lab.heading = None;
        (0..30 + usize::from(press) % 3).for_each(|_| _ = lab.frame());
    }
    let mean = waited.iter().sum::<f64>() / waited.len() as f64;
    assert!((mean - 230.0).abs() < 15.0, "{mean} ms, and docs/feel.md says 230");
}
