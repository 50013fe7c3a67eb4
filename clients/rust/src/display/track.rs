//! Where another entity is shown at a tick and its fraction: along the courses that the server has sent, blended where
//! one does not begin where the last led.

use std::collections::VecDeque;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Course;

use super::Point;

/// Number of courses that are kept: more than there are in the longest delay.
const MAX_COURSES: usize = 16;
/// A course that ended so many ticks before the newest is forgotten: nobody is shown as late as that.
const KEPT_TICKS: u32 = 128;
/// The last ticks before a course in which an entity is led over to it from the course before.
const BLEND_TICKS: f64 = 3.0;
/// Distance in units from which an entity has not walked but jumped.
pub(super) const JUMP_UNITS: f64 = 3.0 * 1_024.0;

/// The newest courses of an entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    courses: VecDeque<(Tick, Course)>,
}

impl Track {
    /// Takes the course that a snapshot of this tick has sent. Returns whether it is new.
    pub fn push(&mut self, told_at: Tick, course: Course) -> bool {
        if self.courses.back().is_some_and(|(last, _)| *last >= told_at) {
            return false;
        }
        let has_ended = |next: &(Tick, Course)| told_at.0 - next.0.0 >= KEPT_TICKS;
        while self.courses.len() == MAX_COURSES || self.courses.get(1).is_some_and(has_ended) {
            self.courses.pop_front();
        }
        self.courses.push_back((told_at, course));
        true
    }

    /// Where it is shown at a tick: on the way between two courses by interpolation, after the newest by dead
    /// reckoning. `None` without a course.
    pub fn at(&self, tick: f64) -> Option<Point> {
        let after = self.courses.iter().position(|(told_at, _)| f64::from(told_at.0) > tick);
        let index = after.unwrap_or(self.courses.len()).saturating_sub(1);
        let (told_at, course) = self.courses.get(index)?;
        let here = reckoned(course, tick - f64::from(told_at.0));
        let Some((next_at, next)) = self.courses.get(index + 1) else { return Some(here) };
        let (between, left) = (f64::from(next_at.0) - f64::from(told_at.0), f64::from(next_at.0) - tick);
        let there = reckoned(course, between);
        let (dx, dy) = (f64::from(next.position.x) - there.x, f64::from(next.position.y) - there.y);
        let blend = between.min(BLEND_TICKS);
        if left >= blend || dx.abs().max(dy.abs()) > JUMP_UNITS {
            return Some(here);
        }
        let share = 1.0 - left / blend;
        Some(Point { x: here.x + dx * share, y: here.y + dy * share })
    }
}

/// Dead reckoning with a fraction of a tick. Before its course, an entity is where the course begins.
fn reckoned(course: &Course, ticks: f64) -> Point {
    let ticks = ticks.max(0.0);
    let (dx, dy) = course.step();
    let axis = |from: i32, step: i32| (f64::from(from) + f64::from(step) * ticks).max(0.0);
    Point { x: axis(course.position.x, dx), y: axis(course.position.y, dy) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use realmgate_protocol::movement::{Angle, Position};

    use super::*;

    fn course(x: i32, dx: i32) -> Course {
        Course::going(Position { x, y: 5_000 }, Angle(0), dx, 0)
    }

    fn track(courses: &[(u32, Course)]) -> Track {
        let mut track = Track::default();
        assert!(courses.iter().all(|(tick, course)| track.push(Tick(*tick), *course)));
        track
    }

    fn x(track: &Track, tick: f64) -> f64 {
        track.at(tick).unwrap().x
    }

    #[test]
    fn it_goes_on_at_its_speed_between_and_after_courses() {
        let track = track(&[(10, course(1_000, 100)), (20, course(2_000, 100))]);
        for (tick, expected) in [(5.0, 1_000.0), (10.0, 1_000.0), (12.5, 1_250.0), (19.5, 1_950.0), (24.25, 2_425.0)] {
            assert_eq!(x(&track, tick), expected, "at tick {tick}");
        }
        assert_eq!(Track::default().at(1.0), None);
    }

    #[test]
    fn it_is_led_over_to_where_the_next_course_begins() {
        // By its first course it would be at 2,000 then.
        let track = track(&[(10, course(1_000, 100)), (20, course(1_700, 0))]);
        let shown = [16.0, 17.0, 18.0, 19.0, 20.0, 30.0].map(|tick| x(&track, tick));
        assert_eq!(shown, [1_600.0, 1_700.0, 1_700.0, 1_700.0, 1_700.0, 1_700.0], "over the last three ticks");
    }

    #[test]
    fn a_jump_is_no_walk() {
        let track = track(&[(10, course(1_000, 0)), (20, course(9_000, 0))]);
        assert_eq!([19.9, 20.0].map(|tick| x(&track, tick)), [1_000.0, 9_000.0]);
    }

    #[test]
    fn what_nobody_is_shown_any_more_is_forgotten() {
        let mut track = track(&[(10, course(1_000, 0)), (20, course(2_000, 0)), (40, course(3_000, 0))]);
        track.push(Tick(20 + KEPT_TICKS), course(4_000, 0));
        assert_eq!([10.0, 30.0].map(|tick| x(&track, tick)), [2_000.0, 2_000.0], "the first has ended long ago");
        track.push(Tick(1_000), course(5_000, 0));
        assert_eq!(track.courses.len(), 2, "where it is now, and where it was until then");
    }

    #[test]
    fn an_old_course_is_not_taken_again() {
        let mut track = track(&[(10, course(1_000, 100))]);
        assert!(!track.push(Tick(10), course(1, 0)) && !track.push(Tick(9), course(1, 0)));
        assert_eq!(x(&track, 11.0), 1_100.0);
    }

    proptest! {
        #[test]
        fn what_is_shown_never_leaps(
            steps in prop::collection::vec((1u32..12, -130i32..130, -60i32..60), 1..40),
            frame in 0.05f64..0.9,
        ) {
            let (mut tick, mut at) = (100, 500_000);
            let mut courses = vec![(tick, course(at, 0))];
            let mut speed = 0;
            for (ticks, dx, off) in steps {
                // Where it is by its course so far, and somewhat off.
                (tick, at) = (tick + ticks, at + speed * ticks as i32 + off);
                speed = dx;
                courses.push((tick, course(at, dx)));
            }
            let track = track(&courses[courses.len().saturating_sub(MAX_COURSES)..]);
            let (first, last) = (track.courses[0].0.0, f64::from(tick) + 10.0);
            let mut now = f64::from(first);
            let mut shown = x(&track, now);
            while now < last {
                now += frame;
                let next = x(&track, now);
                // In a tick at most the greatest speed, and the greatest error, which may be led over within one.
                prop_assert!((next - shown).abs() <= (130.0 + 60.0) * frame + 0.001, "{shown} to {next} at {now}");
                shown = next;
            }
        }
    }
}
