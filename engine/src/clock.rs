//! The tick counter, the only clock a world has, and which ticks a channel at rest passes by.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;

/// Counts ticks from 1 and converts milliseconds from the data files into ticks.
#[derive(Resource, Debug, Clone, Copy)]
pub struct TickClock {
    now: Tick,
    tick_hz: u32,
    rests: bool,
    /// Ticks since the last one that was not passed by, this one included.
    since_whole: u32,
    /// Ticks that this one stands for; 0 if it is passed by.
    stands_for: u32,
}

impl TickClock {
    /// A clock before its first tick. A `tick_hz` of 0 counts as 1.
    pub fn new(tick_hz: u32) -> Self {
        Self { now: Tick(0), tick_hz: tick_hz.max(1), rests: false, since_whole: 0, stands_for: 1 }
    }

    /// The current tick.
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Ticks per second.
    pub fn tick_hz(&self) -> u32 {
        self.tick_hz
    }

    /// The ticks that cover `ms` milliseconds, rounded up, so that nothing lasts shorter than its data says.
    pub fn ticks(&self, ms: u32) -> u32 {
        (u64::from(ms) * u64::from(self.tick_hz)).div_ceil(1_000) as u32
    }

    /// The milliseconds of `ticks`, rounded down.
    pub fn ms(&self, ticks: u32) -> u32 {
        (u64::from(ticks) * 1_000 / u64::from(self.tick_hz)) as u32
    }

    /// Whether periodic work is due: true every `period_ticks` ticks, shifted by `offset` to spread work over ticks. What would
    /// have been due in ticks that were passed by is due in the next that is not.
    pub fn every(&self, period_ticks: u32, offset: u32) -> bool {
        self.now.0.wrapping_add(offset) % period_ticks.max(1) < self.stands_for
    }

    /// Whether the channel [rests](crate::rest) in this tick: what happens in the world happens in a later one.
    pub fn is_passed_by(&self) -> bool {
        self.stands_for == 0
    }

    /// Whether ticks are passed by from now on, all but one a second.
    pub(crate) fn set_resting(&mut self, rests: bool) {
        self.rests = rests;
    }

    /// Whether the next tick is passed by.
    pub(crate) fn passes_by_next(&self) -> bool {
        self.rests && self.since_whole + 1 < self.tick_hz
    }

    pub(crate) fn advance(&mut self) {
        let passes_by = self.passes_by_next();
        self.now = self.now.after(1);
        self.since_whole += 1;
        self.stands_for = if passes_by { 0 } else { std::mem::take(&mut self.since_whole) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_never_come_out_short() {
        let clock = TickClock::new(30);
        assert_eq!((clock.ticks(0), clock.ticks(1), clock.ticks(1_000), clock.ticks(1_001)), (0, 1, 30, 31));
        assert_eq!(clock.ticks(u32::MAX), 128_849_019, "nor do the longest");
        assert_eq!((clock.ms(29), clock.ms(30)), (966, 1_000));
    }

    #[test]
    fn a_channel_at_rest_has_one_tick_a_second_and_misses_nothing_that_comes_once_a_second() {
        let mut clock = TickClock::new(30);
        let mut run = |rests, ticks| {
            clock.set_resting(rests);
            let (mut whole, mut due) = (0, [0; 3]);
            for _ in 0..ticks {
                clock.advance();
                whole += u32::from(!clock.is_passed_by());
                for (due, offset) in due.iter_mut().zip([0, 7, 29]) {
                    *due += u32::from(clock.every(30, offset));
                }
            }
            (whole, due)
        };
        assert_eq!(run(false, 300), (300, [10; 3]));
        assert_eq!(run(true, 300), (10, [10; 3]));
        assert_eq!(run(true, 29), (0, [0; 3]), "whoever comes now");
        assert_eq!(run(false, 1), (1, [1; 3]), "finds everything done that was due");
        assert_eq!(run(false, 30), (30, [1; 3]));
    }
}
