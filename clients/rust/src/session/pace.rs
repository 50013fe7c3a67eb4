//! How fast a client ticks, so that the server always has a few of its commands buffered, and never many.

use std::time::Duration;

/// Target number of commands buffered at the server: enough for a little jitter, few enough for little delay.
const AIM: f64 = 2.0;
/// Weight of a new sample in the moving average.
const WEIGHT: f64 = 0.1;
/// Relative change of the tick length for each command above or below the target.
const GAIN: f64 = 0.03;
/// Maximum relative difference to the server's tick length.
const MOST: f64 = 0.1;
/// Tick rate until the server has sent its own.
const DEFAULT_TICK_HZ: u16 = 30;

/// The length of client ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    tick_hz: u16,
    buffered: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(DEFAULT_TICK_HZ)
    }
}

impl Pace {
    /// The pace for a server of this tick rate.
    pub fn new(tick_hz: u16) -> Self {
        Self { tick_hz: tick_hz.max(1), buffered: AIM }
    }

    /// Takes a new sample of the number of commands that the server has buffered.
    pub fn observe(&mut self, buffered_commands: u8) {
        self.buffered += (f64::from(buffered_commands) - self.buffered) * WEIGHT;
    }

    /// How long the next tick should be.
    pub fn interval(&self) -> Duration {
        let stretch = ((self.buffered - AIM) * GAIN).clamp(-MOST, MOST);
        Duration::from_secs_f64((1.0 + stretch) / f64::from(self.tick_hz))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_settles_at_two_commands_in_the_buffer() {
        for start in [0.0, 12.0] {
            let mut pace = Pace::new(30);
            let mut waiting = start;
            for tick in 0..3_000 {
                // The server takes one command per tick. The client makes more if its ticks are shorter.
                waiting = (waiting + (1.0 / 30.0) / pace.interval().as_secs_f64() - 1.0).clamp(0.0, 15.0);
                pace.observe(waiting as u8);
                if tick > 1_500 {
                    assert_eq!(waiting as u8, 2, "{waiting} wait after {tick} ticks");
                }
            }
        }
    }

    #[test]
    fn the_tick_never_strays_far() {
        for (buffered, settled_ms) in [(0, 47), (2, 50), (15, 55), (u8::MAX, 55)] {
            let mut pace = Pace::new(20);
            for _ in 0..1_000 {
                pace.observe(buffered);
                let interval_ms = pace.interval().as_secs_f64() * 1_000.0;
                assert!((45.0 - 1e-6..=55.0 + 1e-6).contains(&interval_ms), "{interval_ms} ms for {buffered}");
            }
            assert!((pace.interval().as_secs_f64() * 1_000.0 - f64::from(settled_ms)).abs() < 1e-3, "{pace:?}");
        }
    }
}
