//! Load shedding: what a server leaves out, and in which order, when its ticks take too long.
//!
//! The host measures how much of each tick's time is used and sets a level. Each level leaves out what it names and
//! everything that the levels below it leave out. The level enters each world through its inbox, so that a replay sees
//! it too. A player's own state and actions, and reliable messages, are never left out.

use std::time::Duration;

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

/// How much is left out. Each level includes the ones below it.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum OverloadLevel {
    /// Nothing is left out.
    #[default]
    Normal,
    /// Entities in the outer part of a client's area of interest are updated less often.
    FarRarely,
    /// Near entities are updated less often, too.
    NearRarely,
    /// Mobs that nobody fights make decisions less often.
    IdleMinds,
    /// No new players are let in, and nobody may watch.
    Full,
    /// The clock runs slower, and with it all timers.
    SlowClock,
}

impl OverloadLevel {
    const ALL: [Self; 6] =
        [Self::Normal, Self::FarRarely, Self::NearRarely, Self::IdleMinds, Self::Full, Self::SlowClock];

    /// What it means for those who play, for the log. Each level includes the ones below it.
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Normal => "full service",
            Self::FarRarely => "distant entities are sent less often",
            Self::NearRarely => "near entities are sent less often too",
            Self::IdleMinds => "mobs outside fights decide less often too",
            Self::Full => "new players are rejected too",
            Self::SlowClock => "the game clock runs slower too",
        }
    }

    fn higher(self) -> Self {
        Self::ALL.into_iter().find(|level| *level > self).unwrap_or(self)
    }

    /// A tick that ends after this many thousandths of its period counts as late, which leads to this level. What
    /// players hardly notice is left out while there is still some time left, so that ticks stay on time. Players are
    /// not turned away that early.
    fn late_per_mille(self) -> u128 {
        if self >= Self::Full { 900 } else { 750 }
    }

    /// A tick that ends before this many thousandths of its period has time to spare, which leads down from this level.
    /// Letting players in again costs those present nothing but unused time.
    fn spare_per_mille(self) -> u128 {
        if self >= Self::Full { 700 } else { 500 }
    }

    /// How long ticks must have been late before this level is taken. Turning players away is the worst thing players
    /// see, so it takes longest.
    fn after(self) -> Duration {
        if self == Self::Full { Duration::from_secs(5) } else { Duration::from_secs(1) }
    }

    fn lower(self) -> Self {
        Self::ALL.into_iter().rev().find(|level| *level < self).unwrap_or(self)
    }
}

/// How long ticks must have had time to spare before the level drops.
const CALM: Duration = Duration::from_secs(3);
/// How many ticks with time to spare are cancelled by one without.
const CALM_COST: u32 = 4;
/// The longest tick period, as a multiple of the configured one.
const MAX_STRETCH: u32 = 4;

/// Sets the overload level from how long ticks take.
#[derive(Debug)]
pub struct Overload {
    level: OverloadLevel,
    period: Duration,
    /// Time of late ticks, minus half the time of the others.
    late_for: Duration,
    /// Time of ticks that had time to spare, minus [`CALM_COST`] times the time of the others.
    calm_for: Duration,
    /// Work time of a tick, a moving average over about eight ticks.
    work: Duration,
}

impl Overload {
    /// Starts at [`OverloadLevel::Normal`], for ticks that are `period` apart.
    pub fn new(period: Duration) -> Self {
        Self {
            level: OverloadLevel::Normal,
            period,
            late_for: Duration::ZERO,
            calm_for: Duration::ZERO,
            work: Duration::ZERO,
        }
    }

    /// The current level.
    pub fn level(&self) -> OverloadLevel {
        self.level
    }

    /// The current tick period: as configured, or longer at [`OverloadLevel::SlowClock`].
    pub fn period(&self) -> Duration {
        if self.level < OverloadLevel::SlowClock {
            return self.period;
        }
        let wanted = self.work + self.work / 4;
        wanted.clamp(self.period, self.period * MAX_STRETCH)
    }

    /// Records a tick that began `late` after its deadline and took `work`. Returns whether the level has changed.
    pub fn note(&mut self, late: Duration, work: Duration) -> bool {
        self.work = (self.work * 7 + work) / 8;
        let period = self.period().as_nanos().max(1);
        let used = (late + work).as_nanos() * 1_000 / period;
        self.calm_for = match used < self.level.spare_per_mille() {
            true => (self.calm_for + self.period).min(CALM),
            false => self.calm_for.saturating_sub(self.period * CALM_COST),
        };
        let higher = self.level.higher();
        self.late_for = match used > higher.late_per_mille() {
            true => (self.late_for + self.period).min(higher.after()),
            false => self.late_for.saturating_sub(self.period / 2),
        };
        let before = self.level;
        if self.late_for >= higher.after() {
            (self.level, self.late_for) = (higher, Duration::ZERO);
        } else if self.calm_for >= CALM {
            (self.level, self.calm_for) = (before.lower(), Duration::ZERO);
        }
        self.level != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(33);

    fn run(overload: &mut Overload, work_ms: u64, ticks: u32) -> Vec<OverloadLevel> {
        let mut levels = Vec::new();
        for _ in 0..ticks {
            if overload.note(Duration::ZERO, Duration::from_millis(work_ms)) {
                levels.push(overload.level());
            }
        }
        levels
    }

    #[test]
    fn levels_rise_and_fall_in_the_documented_order_one_at_a_time() {
        use OverloadLevel::{FarRarely, Full, IdleMinds, NearRarely, Normal, SlowClock};
        let mut overload = Overload::new(PERIOD);
        let up = run(&mut overload, 40, 300);
        assert_eq!(up, [FarRarely, NearRarely, IdleMinds, Full, SlowClock]);
        let down = run(&mut overload, 5, 1_000);
        assert_eq!(down, [Full, IdleMinds, NearRarely, FarRarely, Normal]);
    }

    #[test]
    fn a_stall_changes_nothing_and_neither_does_one_late_tick_in_ten() {
        let mut overload = Overload::new(PERIOD);
        assert_eq!(run(&mut overload, 900, 1), []);
        for late_ms in [867, 840, 120, 90, 60, 30] {
            assert!(!overload.note(Duration::from_millis(late_ms), Duration::from_millis(3)), "{late_ms}");
        }
        for _ in 0..500 {
            assert_eq!(run(&mut overload, 60, 1), []);
            assert_eq!(run(&mut overload, 3, 9), []);
        }
        assert_eq!(overload.level(), OverloadLevel::Normal);
    }

    #[test]
    fn ticks_that_are_long_and_end_with_a_tenth_to_spare_turn_nobody_away() {
        use OverloadLevel::{FarRarely, IdleMinds, NearRarely, Normal};
        let mut overload = Overload::new(PERIOD);
        assert_eq!(run(&mut overload, 24, 500), [], "less than three quarters are not much");
        assert_eq!(run(&mut overload, 29, 500), [FarRarely, NearRarely, IdleMinds]);
        assert_eq!(run(&mut overload, 17, 500), [], "more than half is nothing to spare");
        assert_eq!(run(&mut overload, 16, 500), [NearRarely, FarRarely, Normal]);
        assert_eq!(run(&mut overload, 30, 500), OverloadLevel::ALL[1..], "less than a tenth is too little");
    }

    #[test]
    fn players_are_let_in_again_as_soon_as_ticks_end_well_in_time() {
        let mut overload = Overload::new(PERIOD);
        run(&mut overload, 40, 500);
        assert_eq!(overload.level(), OverloadLevel::SlowClock);
        assert_eq!(run(&mut overload, 24, 500), [], "more than seven tenths are not well in time");
        let lower = [OverloadLevel::Full, OverloadLevel::IdleMinds];
        assert_eq!(run(&mut overload, 23, 500), lower, "less than half is to spare");
    }

    #[test]
    fn each_level_is_left_after_three_seconds_of_calm() {
        let mut overload = Overload::new(PERIOD);
        run(&mut overload, 40, 500);
        // 91 ticks are just over three seconds.
        for lower in OverloadLevel::ALL[..5].iter().rev() {
            assert_eq!(run(&mut overload, 5, 90), []);
            assert_eq!(run(&mut overload, 5, 1), [*lower]);
        }
    }

    #[test]
    fn only_the_last_level_slows_the_clock_and_no_more_than_it_must() {
        let mut overload = Overload::new(PERIOD);
        while overload.level() < OverloadLevel::SlowClock {
            assert_eq!(overload.period(), PERIOD);
            run(&mut overload, 40, 1);
        }
        run(&mut overload, 40, 50);
        assert!(overload.period() > Duration::from_millis(49) && overload.period() <= Duration::from_millis(50));
        run(&mut overload, 4_000, 50);
        assert_eq!(overload.period(), PERIOD * 4, "clients are never left without a tick for long");
        run(&mut overload, 20, 60);
        assert_eq!(overload.period(), PERIOD, "back at its rate as soon as the work fits");
        assert_eq!(overload.level(), OverloadLevel::SlowClock, "with nothing to spare");
    }
}
