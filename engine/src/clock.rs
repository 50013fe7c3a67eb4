//! The tick counter, the only clock a world has.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;

/// Counts ticks from 1 and converts milliseconds from the data files into ticks.
#[derive(Resource, Debug, Clone, Copy)]
pub struct TickClock {
    now: Tick,
    tick_hz: u32,
}

impl TickClock {
    /// A clock before its first tick. A `tick_hz` of 0 counts as 1.
    pub fn new(tick_hz: u32) -> Self {
        Self { now: Tick(0), tick_hz: tick_hz.max(1) }
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

    /// Whether periodic work is due: true every `period_ticks` ticks, shifted by `offset` to spread work over ticks.
    pub fn every(&self, period_ticks: u32, offset: u32) -> bool {
        self.now.0.wrapping_add(offset).is_multiple_of(period_ticks.max(1))
    }

    pub(crate) fn advance(&mut self) {
        self.now = self.now.after(1);
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
}
