//! Which tick of the server a screen shows: its present, as far as that can be told from when snapshots come; on a bad
//! line somewhat earlier, so that little has to be guessed.

use std::collections::VecDeque;

use realmgate_protocol::ids::Tick;

/// Number of snapshots by which the line is judged: about two seconds of them.
const SAMPLES: usize = 64;
/// Number of the newest of them that say when a tick begins: few, so that a server that stumbles is soon followed.
const PROMPT_SAMPLES: usize = 24;
/// Share of the latest snapshots that no time is kept for: one in so many. Over TCP, one lost segment holds up those after it.
const RARE: usize = 4;
/// Maximum change of speed while the clock is set, relative to the server's: too little for an eye to see.
const MAX_STRETCH: f64 = 0.1;
/// Change of speed for each tick that the clock is wrong.
const GAIN: f64 = 0.1;
/// A clock that is wrong by more ticks than this is set at once.
const JUMP_TICKS: f64 = 15.0;

/// The tick that a screen shows, with its fraction.
#[derive(Debug, Clone, PartialEq)]
pub struct DisplayClock {
    tick_ms: f64,
    extrapolation_ms: f64,
    /// When each of the newest snapshots came, less the time from tick 0 to its tick; in milliseconds.
    arrivals: VecDeque<f64>,
    round_trips_ms: VecDeque<f64>,
    /// The arrival of a snapshot that was not late.
    prompt_ms: f64,
    /// How late snapshots come, but for rare ones.
    jitter_ms: f64,
    half_round_trip_ms: f64,
    /// The tick shown, and when.
    shown: Option<(f64, f64)>,
}

impl DisplayClock {
    /// A clock for a server of this tick rate. `extrapolation_ms` is how far beyond the newest snapshot others are
    /// shown before the clock rather stays behind.
    pub fn new(tick_hz: u16, extrapolation_ms: f64) -> Self {
        Self {
            tick_ms: 1_000.0 / f64::from(tick_hz.max(1)),
            extrapolation_ms,
            arrivals: VecDeque::new(),
            round_trips_ms: VecDeque::new(),
            prompt_ms: 0.0,
            jitter_ms: 0.0,
            half_round_trip_ms: 0.0,
            shown: None,
        }
    }

    /// Milliseconds of a tick.
    pub fn tick_ms(&self) -> f64 {
        self.tick_ms
    }

    /// How late the last 64 snapshots came in milliseconds, measured against the most prompt of the last 24, but for rare ones.
    pub fn jitter_ms(&self) -> f64 {
        self.jitter_ms
    }

    /// Milliseconds to the server and back.
    pub fn round_trip_ms(&self) -> f64 {
        2.0 * self.half_round_trip_ms
    }

    /// How far behind the server's present others are shown, in milliseconds.
    pub fn delay_ms(&self) -> f64 {
        (self.half_round_trip_ms + self.jitter_ms + self.tick_ms - self.extrapolation_ms).max(0.0)
    }

    /// A snapshot of the end of this tick has come.
    pub fn observe(&mut self, tick: Tick, now_ms: f64) {
        push(&mut self.arrivals, now_ms - f64::from(tick.0) * self.tick_ms);
        let mut sorted: Vec<f64> = self.arrivals.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        self.prompt_ms = self.arrivals.iter().rev().take(PROMPT_SAMPLES).copied().fold(f64::INFINITY, f64::min);
        self.jitter_ms = (sorted[sorted.len() - 1 - sorted.len() / RARE] - self.prompt_ms).max(0.0);
    }

    /// A command was answered: milliseconds from when it was issued, less the time that it waited at the server.
    pub fn observe_round_trip(&mut self, ms: f64) {
        push(&mut self.round_trips_ms, ms.max(0.0));
        let shortest = self.round_trips_ms.iter().copied().fold(f64::INFINITY, f64::min);
        self.half_round_trip_ms = shortest / 2.0;
    }

    /// The tick that the server is in, as far as can be told; 0 before the first snapshot.
    pub fn present(&self, now_ms: f64) -> f64 {
        if self.arrivals.is_empty() {
            return 0.0;
        }
        (now_ms - self.prompt_ms + self.half_round_trip_ms) / self.tick_ms
    }

    /// The tick to show now. It never goes back but by a jump, and otherwise runs at nearly the server's speed.
    pub fn advance(&mut self, now_ms: f64) -> f64 {
        let wanted = self.present(now_ms) - self.delay_ms() / self.tick_ms;
        let tick = match self.shown {
            Some((tick, at_ms)) if (wanted - tick).abs() <= JUMP_TICKS => {
                let passed = ((now_ms - at_ms) / self.tick_ms).max(0.0);
                let wrong_by = wanted - (tick + passed);
                tick + passed * (1.0 + (wrong_by * GAIN).clamp(-MAX_STRETCH, MAX_STRETCH))
            }
            _ => wanted,
        };
        self.shown = Some((tick, now_ms));
        tick
    }
}

fn push(samples: &mut VecDeque<f64>, sample: f64) {
    if samples.len() == SAMPLES {
        samples.pop_front();
    }
    samples.push_back(sample);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_MS: f64 = 20.0;

    /// Shows a frame each 10 ms, with snapshots that are late by so many milliseconds; how wrong the clock is at each.
    fn errors(late_ms: impl Fn(u32) -> f64, extrapolation_ms: f64) -> Vec<f64> {
        let mut clock = DisplayClock::new(50, extrapolation_ms);
        clock.observe_round_trip(60.0);
        let mut told = 0;
        (0..1_000)
            .map(|frame| {
                let now_ms = f64::from(frame) * 10.0;
                while f64::from(told) * TICK_MS + 30.0 + late_ms(told) <= now_ms {
                    clock.observe(Tick(told), now_ms);
                    told += 1;
                }
                clock.advance(now_ms) - now_ms / TICK_MS
            })
            .collect()
    }

    #[test]
    fn on_a_steady_line_it_shows_the_present() {
        let errors = errors(|_| 0.0, 100.0);
        let settled = &errors[100..];
        assert!(settled.iter().all(|error| error.abs() < 0.51), "{settled:?}");
    }

    #[test]
    fn it_stays_behind_by_what_the_line_takes_beyond_the_extrapolation() {
        // Each second is 60 ms late: 30 under way, 60 late and a tick are 110, of which 50 are extrapolated.
        let errors = errors(|tick| if tick % 2 == 0 { 60.0 } else { 0.0 }, 50.0);
        let mean = errors[400..].iter().sum::<f64>() / 600.0;
        assert!((mean * TICK_MS + 60.0).abs() < 10.0, "{} ms behind", -mean * TICK_MS);
    }

    #[test]
    fn rare_late_snapshots_change_nothing() {
        let steady = errors(|_| 0.0, 0.0);
        let rare = errors(|tick| if tick % 5 == 0 { 15.0 } else { 0.0 }, 0.0);
        let differ = steady[200..].iter().zip(&rare[200..]).filter(|(one, other)| (*one - *other).abs() > 0.01);
        assert_eq!(differ.count(), 0);
    }

    #[test]
    fn a_server_that_stumbles_is_followed_within_two_seconds() {
        // After five seconds it loses five ticks.
        let errors = errors(|tick| if tick >= 250 { 100.0 } else { 0.0 }, 200.0);
        assert!((errors[700] + 5.0).abs() < 0.51, "{} ticks behind", -errors[700]);
    }

    #[test]
    fn it_is_set_without_a_jump_and_never_goes_back() {
        // After five seconds the line becomes 100 ms worse, and after fifteen as good as before.
        let mut clock = DisplayClock::new(50, 0.0);
        let mut last: Option<f64> = None;
        let behind = |frame: i32, tick: f64| f64::from(frame) * 10.0 / TICK_MS - tick;
        for frame in 0..3_000 {
            let now_ms = f64::from(frame) * 10.0;
            let late = if (501..1_500).contains(&frame) { 100.0 } else { 0.0 };
            if frame % 2 == 0 && now_ms >= late {
                clock.observe(Tick(((now_ms - late) / TICK_MS) as u32), now_ms);
            }
            let tick = clock.advance(now_ms);
            if let Some(last) = last.replace(tick) {
                let passed = tick - last;
                assert!((0.45 - 1e-9..=0.55 + 1e-9).contains(&passed), "{passed} ticks in 10 ms, at frame {frame}");
            }
            if frame == 1_499 {
                let behind = behind(frame, tick);
                assert!(
                    (behind - 6.0).abs() < 0.1,
                    "{behind} ticks behind: 5 on the way, and one for the next snapshot"
                );
            }
        }
        let behind = behind(2_999, last.unwrap());
        assert!((behind - 1.0).abs() < 0.1, "{behind} ticks behind: none on the way any more");
    }

    #[test]
    fn a_clock_that_is_far_off_is_set_at_once() {
        // Another world, where the ticks are others: earlier ones, later ones, and 16 off, which is just too far.
        for first in [9_000, 90_000, 19_921, 19_953_u32] {
            let mut clock = DisplayClock::new(50, 0.0);
            clock.observe(Tick(20_000), 0.0);
            assert_eq!(clock.advance(0.0), 19_999.0);
            (0..SAMPLES as u32).for_each(|n| clock.observe(Tick(first + n), 100.0 + f64::from(n) * TICK_MS));
            let shown = clock.advance(100.0 + 63.0 * TICK_MS);
            let wanted = f64::from(first + 62);
            assert!(
                (shown - wanted).abs() < 1e-6,
                "{shown}, not {wanted}: the newest, less the tick kept for the next"
            );
        }
    }
}
