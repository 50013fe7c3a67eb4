//! What a screen shows, on good lines and bad ones.

use std::ops::RangeInclusive;
use std::time::Duration;

use realmgate_protocol::movement::Angle;

use super::lab::{Lab, Line, OTHER, Picture};
use super::*;

const GOOD: Line = Line { delay_ms: 5, jitter_ms: 0, lost_percent: 0, is_tcp: false };
/// A round trip of 100 ms and up to 40 more, and 2 % lost each way.
pub(super) const BAD: Line = Line { delay_ms: 50, jitter_ms: 20, lost_percent: 2, is_tcp: false };
const EXTRAPOLATION: Duration = Duration::from_millis(150);
/// Frames until the clocks of a lab are set.
const SETTLED: usize = 240;

pub(super) fn lab(line: Line) -> Lab {
    let mut lab = Lab::new(7, line, EXTRAPOLATION);
    (0..SETTLED).for_each(|_| _ = lab.frame());
    lab
}

pub(super) fn between(one: Point, other: Point) -> f64 {
    let (dx, dy) = (one.x - other.x, one.y - other.y);
    (dx * dx + dy * dy).sqrt()
}

/// How far the own character moves in a frame, so many frames after its direction has changed.
fn even_step(frames: u32, walks: bool) -> RangeInclusive<f64> {
    match (frames, walks) {
        // A frame is half a tick of 136 units. What a change takes back is spread: less than a quarter of a tick in one
        // frame.
        (0..20, _) => 0.0..=68.0 + 34.0,
        // A tick of the client may be some 5 % longer or shorter than one of the server: of half a tick, that is a tenth.
        (_, true) => 60.0..=76.0,
        (_, false) => 0.0..=1.0,
    }
}

#[test]
fn the_own_character_moves_in_the_frame_in_which_a_key_is_pressed() {
    for line in [GOOD, BAD] {
        let mut lab = lab(line);
        let mut stands = lab.frame().own;
        // Pressed at every moment of a tick.
        for press in 0..20u8 {
            lab.heading = Some(Angle(press * 12));
            let moved = between(lab.frame().own, stands);
            assert!(moved > 0.0, "{line:?}, press {press}");
            lab.heading = None;
            (0..30 + usize::from(press) % 3).for_each(|_| stands = lab.frame().own);
        }
    }
}

#[test]
fn a_key_that_is_pressed_right_after_a_tick_moves_the_own_character_in_that_frame_too() {
    let mut lab = lab(GOOD);
    let stands = lab.frame().own;
    let moved = between(lab.frame_after_tick(Duration::from_micros(50), Angle(40)).own, stands);
    assert!(moved > 0.0 && moved < 1.0, "{moved} units");
}

#[test]
fn the_own_character_walks_evenly_and_is_not_corrected_on_a_bad_line() {
    let mut lab = lab(BAD);
    let (mut last, mut way) = (lab.frame().own, 0.0);
    for frame in 0..6_000u32 {
        if frame % 90 == 0 {
            lab.heading = (frame % 360 != 0).then_some(Angle((frame / 2) as u8));
        }
        let own = lab.frame().own;
        let (step, even) = (between(own, last), even_step(frame % 90, lab.heading.is_some()));
        assert!(even.contains(&step), "{step} units in frame {frame}, not {even:?}");
        way += step;
        last = own;
    }
    assert_eq!(lab.display.counters().visible_corrections, 0);
    assert_eq!(lab.session.corrections(), 0);
    assert!(way > 250_000.0, "it walks three quarters of the time: {way} units");
}

#[test]
fn a_push_is_shown_over_some_frames() {
    let mut lab = lab(GOOD);
    let before = lab.frame().own;
    lab.push(1_024);
    let pictures: Vec<Picture> = (0..60).map(|_| lab.frame()).collect();
    let shown: Vec<f64> = std::iter::once(before.x).chain(pictures.iter().map(|picture| picture.own.x)).collect();
    let steps: Vec<f64> = shown.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (0.0..=300.0).contains(step)), "{steps:?}");
    let way = pictures[59].own.x - before.x;
    assert!((way - 1_024.0).abs() < 8.0, "{way}");
}

#[test]
fn others_are_shown_where_they_are_on_a_bad_line() {
    for (line, least) in [(BAD, 0.15), (Line { is_tcp: true, ..BAD }, 0.25)] {
        let mut lab = lab(line);
        let mut errors: Vec<f64> = (0..12_000)
            .map(|_| {
                let picture = lab.frame();
                between(picture.other, picture.other_truth) / 1_024.0
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        let (half, most) = (errors[6_000], errors[11_400]);
        assert!(half < 0.1 && most <= least, "{half} and {most} tiles on {line:?}");
    }
}

#[test]
fn others_never_leap_on_a_bad_line() {
    let mut lab = lab(BAD);
    let mut last = lab.frame().other;
    for frame in 0..6_000 {
        let other = lab.frame().other;
        let step = between(other, last);
        // Half a tick's way, and a share of what must be corrected after a turn.
        assert!(step < 280.0, "{step} units in frame {frame}");
        last = other;
    }
}

#[test]
fn without_snapshots_others_go_on_for_a_moment_only_and_are_found_again_afterwards() {
    let mut lab = lab(GOOD);
    lab.is_down = true;
    let way: Vec<Point> = (0..180).map(|_| lab.frame().other).collect();
    let went = between(way[0], way[179]);
    assert!((600.0..136.0 * 30.0 * 0.4).contains(&went), "{went} units");
    assert!(between(way[30], way[179]) < 1.0, "it stands after half a second");
    lab.is_down = false;
    let mut last = lab.frame();
    (0..60).for_each(|_| last = lab.frame());
    assert!(between(last.other, last.other_truth) < 200.0, "{last:?}");
}

#[test]
fn the_line_is_measured() {
    for (line, round_trip) in [(GOOD, 10.0), (BAD, 100.0), (Line { jitter_ms: 80, ..BAD }, 100.0)] {
        let mut lab = lab(line);
        (0..600).for_each(|_| _ = lab.frame());
        let clock = lab.display.clock();
        let measured = clock.round_trip_ms();
        assert!((measured - round_trip).abs() < 30.0, "{measured} ms for {line:?}");
        // All but one in four come within a part of it, since of those that come late some are overtaken and dropped.
        assert!(
            (clock.jitter_ms() - 0.6 * line.jitter_ms as f64).abs() < 18.0,
            "{} ms for {line:?}",
            clock.jitter_ms()
        );
    }
}

#[test]
fn what_is_not_in_view_has_no_place() {
    let mut lab = lab(GOOD);
    assert!(lab.display.place(&lab.session, OTHER).is_some());
    assert_eq!(lab.display.place(&lab.session, EntityId(77)), None);
    lab.is_alone = true;
    (0..60).for_each(|_| _ = lab.frame());
    assert_eq!(lab.display.place(&lab.session, OTHER), None, "it has gone");
    let session = Session::new(std::sync::Arc::default(), None);
    assert_eq!(Display::default().place(&session, OTHER), None);
}
