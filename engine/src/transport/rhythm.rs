//! When the host polls next, so that datagrams may gather until shortly before that.

use std::time::Duration;

/// How long further datagrams may gather at least after some have come: one look at a thousand clients' inputs costs less
/// than a thousand looks.
const GATHER: Duration = Duration::from_millis(2);
/// How long they may gather at most, where it is known when the host polls: acknowledgements and handshakes wait as well.
const GATHER_LONGEST: Duration = Duration::from_millis(16);
/// How long before the host polls the socket is looked at, so that all of it is taken by then.
const LEAD: Duration = Duration::from_millis(2);
/// What a late poll moves the forecast by: a tick that began late once says little of when the next one begins.
const LATE_SHARE: u32 = 16;

/// How long datagrams may gather from now on. Until shortly before the host polls they only wait for that in another place.
pub(super) fn gathers(now: Duration, next_poll: Option<Duration>) -> Duration {
    let until_look = next_poll.map(|at| at.saturating_sub(now + LEAD));
    until_look.filter(|left| !left.is_zero()).map_or(GATHER, |left| left.min(GATHER_LONGEST))
}

/// Follows a host that polls at a fixed rate. Times are since the transport's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    poll_every: Duration,
    next: Duration,
}

impl Rhythm {
    pub(super) fn new(poll_every: Duration) -> Self {
        Self { poll_every, next: Duration::ZERO }
    }

    /// Learns that the host polls now. Returns when it will poll next.
    pub(super) fn polled(&mut self, now: Duration) -> Duration {
        let late = now.saturating_sub(self.next);
        // An early poll is the truth: what came after it is a tick late.
        let begun = if late < self.poll_every { now.min(self.next + late / LATE_SHARE) } else { now };
        self.next = begun + self.poll_every;
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// What is forecast after each of these polls, in ms.
    fn forecasts(polls_ms: &[u32]) -> Vec<u128> {
        let mut rhythm = Rhythm::new(32 * MS);
        polls_ms.iter().map(|at| rhythm.polled(*at * MS).as_millis()).collect()
    }

    #[test]
    fn the_next_poll_is_a_tick_later() {
        assert_eq!(forecasts(&[100, 132, 164]), [132, 164, 196]);
    }

    #[test]
    fn a_late_poll_moves_the_forecast_little_and_an_early_one_wholly() {
        assert_eq!(forecasts(&[100, 148, 164]), [132, 165, 196]);
        assert_eq!(forecasts(&[100, 120]), [132, 152]);
    }

    #[test]
    fn after_a_pause_it_begins_anew() {
        assert_eq!(forecasts(&[100, 1_000]), [132, 1_032]);
    }

    #[test]
    fn datagrams_gather_until_shortly_before_the_next_poll() {
        let gathers = |now_ms| gathers(now_ms * MS, Some(50 * MS));
        assert_eq!([gathers(10), gathers(32), gathers(33), gathers(47)], [16 * MS, 16 * MS, 15 * MS, MS]);
        assert_eq!([gathers(48), gathers(50), gathers(70)], [GATHER; 3], "what comes now may be in time, or is late");
        assert_eq!(super::gathers(10 * MS, None), GATHER, "nobody knows when the host polls");
    }
}
