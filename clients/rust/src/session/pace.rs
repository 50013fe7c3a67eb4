//! How fast a client ticks, so that the server always has a few of its commands buffered, and never many.
//!
//! How many are enough depends on the line. Each tick for which the server had none raises the target, since the next packet
//! that is late will be as late as this one (over TCP: whatever waits behind a lost segment); a calm line lowers it again.

use std::time::Duration;

use realmgate_protocol::wire::datagram::ServerFrameHead;

/// Target number of commands buffered at the server on a good line: enough for a little jitter, few enough for little delay.
const LEAST_TARGET: u8 = 2;
/// The target on the worst line. More would take commands farther back than the server looks for what their players saw (250 ms).
const MOST_TARGET: u8 = 4;
/// Ticks without a gap after which one command fewer is enough.
const CALM_TICKS: u32 = 120;
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
    target: u8,
    /// Ticks since the server last had no command.
    calm_ticks: u32,
    newest: Option<ServerFrameHead>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(DEFAULT_TICK_HZ)
    }
}

impl Pace {
    /// The pace for a server of this tick rate.
    pub fn new(tick_hz: u16) -> Self {
        Self {
            tick_hz: tick_hz.max(1),
            buffered: LEAST_TARGET.into(),
            target: LEAST_TARGET,
            calm_ticks: 0,
            newest: None,
        }
    }

    /// Takes what a new snapshot says of the commands: how many the server has buffered, and whether it has had one for each tick
    /// since the snapshot before.
    pub fn observe(&mut self, head: ServerFrameHead) {
        self.buffered += (f64::from(head.buffered_commands) - self.buffered) * WEIGHT;
        // Before the first command the server waits for nothing.
        if let Some(before) = self.newest.replace(head)
            && before.last_command > 0
        {
            let passed = head.tick.0.saturating_sub(before.tick.0);
            self.adapt(passed, head.last_command.saturating_sub(before.last_command));
        }
    }

    /// How long the next tick should be.
    pub fn interval(&self) -> Duration {
        let stretch = ((self.buffered - f64::from(self.target)) * GAIN).clamp(-MOST, MOST);
        Duration::from_secs_f64((1.0 + stretch) / f64::from(self.tick_hz))
    }

    /// So many ticks have passed, in which so many commands were applied.
    fn adapt(&mut self, passed: u32, applied: u32) {
        let without = passed.saturating_sub(applied);
        if without > 0 {
            self.target = (u32::from(self.target) + without).min(MOST_TARGET.into()) as u8;
            self.calm_ticks = 0;
            return;
        }
        self.calm_ticks += passed;
        if self.calm_ticks >= CALM_TICKS {
            self.target = LEAST_TARGET.max(self.target - 1);
            self.calm_ticks = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::Tick;

    use super::*;

    /// A server that takes a command each tick while it has one, and a client at its pace.
    struct Line {
        pace: Pace,
        /// Commands at the server, with the share of the next one that the client has made.
        buffered: f64,
        head: ServerFrameHead,
    }

    impl Line {
        fn new(buffered: f64) -> Self {
            let head = ServerFrameHead { tick: Tick(0), last_command: 1, buffered_commands: 0 };
            Self { pace: Pace::new(30), buffered, head }
        }

        /// A tick in which what the client has sent by then arrives.
        fn tick(&mut self) {
            self.buffered += (1.0 / 30.0) / self.pace.interval().as_secs_f64();
            self.apply();
        }

        /// Ticks in which nothing arrives, and then all of it.
        fn stall(&mut self, ticks: usize) {
            let mut late = 0.0;
            for _ in 0..ticks {
                late += (1.0 / 30.0) / self.pace.interval().as_secs_f64();
                self.apply();
            }
            self.buffered += late;
        }

        fn apply(&mut self) {
            if self.buffered >= 1.0 {
                self.buffered -= 1.0;
                self.head.last_command += 1;
            }
            self.buffered = self.buffered.min(8.0);
            self.head.tick = Tick(self.head.tick.0 + 1);
            self.head.buffered_commands = self.buffered as u8;
            self.pace.observe(self.head);
        }
    }

    #[test]
    fn a_client_settles_at_two_commands_in_the_buffer() {
        for start in [1.0, 7.0] {
            let mut line = Line::new(start);
            for tick in 0..3_000 {
                line.tick();
                if tick > 1_500 {
                    assert_eq!(line.buffered as u8, 2, "{} after {tick} ticks", line.buffered);
                }
            }
        }
    }

    #[test]
    fn after_its_first_stall_a_line_that_stalls_lets_a_player_stand_half_as_long() {
        let mut line = Line::new(2.0);
        let mut without = Vec::new();
        for _ in 0..20 {
            let (tick, command) = (line.head.tick.0, line.head.last_command);
            line.stall(6);
            (0..60).for_each(|_| line.tick());
            without.push((line.head.tick.0 - tick) - (line.head.last_command - command));
        }
        assert_eq!(without[0], 4, "{without:?}");
        assert!(without[1..].iter().all(|ticks| *ticks <= 2), "{without:?}");
    }

    #[test]
    fn a_line_that_has_become_calm_costs_no_delay() {
        let mut line = Line::new(2.0);
        line.stall(6);
        (0..30).for_each(|_| line.tick());
        assert!(line.buffered > 3.0, "{}", line.buffered);
        (0..1_500).for_each(|_| line.tick());
        assert_eq!(line.buffered as u8, 2);
    }

    #[test]
    fn who_has_sent_no_command_yet_is_not_late() {
        let mut pace = Pace::new(30);
        for tick in 1..100 {
            pace.observe(ServerFrameHead { tick: Tick(tick), last_command: 0, buffered_commands: 2 });
        }
        assert_eq!(pace.interval(), Pace::new(30).interval());
    }

    #[test]
    fn the_tick_never_strays_far() {
        // The last one's commands never come, so that it keeps more of them waiting.
        for (buffered_commands, is_late, settled_ms) in
            [(0, false, 47), (2, false, 50), (15, false, 55), (u8::MAX, false, 55), (0, true, 45)]
        {
            let mut pace = Pace::new(20);
            for command in 1..1_000 {
                let last_command = if is_late { 1 } else { command };
                pace.observe(ServerFrameHead { tick: Tick(command), last_command, buffered_commands });
                let interval_ms = pace.interval().as_secs_f64() * 1_000.0;
                assert!((45.0 - 1e-6..=55.0 + 1e-6).contains(&interval_ms), "{interval_ms} ms for {buffered_commands}");
            }
            assert!((pace.interval().as_secs_f64() * 1_000.0 - f64::from(settled_ms)).abs() < 1e-3, "{pace:?}");
        }
    }
}
