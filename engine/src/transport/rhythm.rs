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

/// How long what came over sockets of their own may gather from now on. Until shortly before the host polls it only waits for that
/// in another place.
pub(super) fn gathers(now: Duration, next_poll: Option<Duration>) -> Duration {
    until_look(now, next_poll).map_or(GATHER, |left| left.min(GATHER_LONGEST))
}

/// The time until shortly before the host polls, if that is known and has not come.
fn until_look(now: Duration, next_poll: Option<Duration>) -> Option<Duration> {
    next_poll.map(|at| at.saturating_sub(now + LEAD)).filter(|left| !left.is_zero())
}

/// How long datagrams may gather in the buffer of a socket.
#[derive(Debug)]
pub(super) struct Gathering {
    /// How many it holds.
    holds: u32,
    looked_at: Duration,
    /// In that time a quarter of the buffer fills at most, at the rate of late. With half of it, what a flood brought in a whole
    /// tick was taken in one look before the poll, which reached into the next tick.
    longest: Duration,
}

impl Gathering {
    pub(super) fn new(holds: u32) -> Self {
        Self { holds, looked_at: Duration::ZERO, longest: GATHER }
    }

    /// Learns that so many have been taken from the socket since the last look, and that it is empty now.
    pub(super) fn looked(&mut self, now: Duration, taken: usize) {
        let passed = now.saturating_sub(self.looked_at);
        self.looked_at = now;
        let longest = passed * (self.holds / 4) / u32::try_from(taken).unwrap_or(u32::MAX).max(1);
        // A quiet moment says little of the next one.
        self.longest = longest.clamp(GATHER, 2 * self.longest);
    }

    /// How long to rest until the next look. Who is entering asks more than once, and is not kept waiting for the host each time.
    pub(super) fn rests(&self, next_poll: Option<Duration>, is_anybody_entering: bool) -> Duration {
        let longest = if is_anybody_entering { self.longest.min(GATHER_LONGEST) } else { self.longest };
        if next_poll.is_none() {
            return GATHER;
        }
        // Once it has looked, the host polls and wakes it. What comes in between is late anyway.
        until_look(self.looked_at, next_poll).unwrap_or(LEAD + GATHER).min(longest)
    }
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

    /// When the next look is after one at 20 ms, the first to find anything in 10 ms, in ms. The buffer holds 1,000.
    fn next_look(taken: usize, next_poll_ms: Option<u32>, is_anybody_entering: bool) -> u128 {
        let mut gathering = Gathering::new(1_000);
        (1..=10).for_each(|ms| gathering.looked(ms * MS, 0));
        gathering.looked(20 * MS, taken);
        (20 * MS + gathering.rests(next_poll_ms.map(|at| at * MS), is_anybody_entering)).as_millis()
    }

    #[test]
    fn the_socket_is_looked_at_shortly_before_each_poll() {
        assert_eq!(next_look(100, Some(40), false), 38);
        assert_eq!(next_look(100, Some(22), false), 24, "it has been looked at for this poll");
        assert_eq!(next_look(100, Some(15), false), 24, "the host is late");
        assert_eq!(next_look(100, None, false), 22, "nobody knows when the host polls");
    }

    #[test]
    fn who_enters_does_not_wait_for_each_poll() {
        assert_eq!([false, true].map(|entering| next_look(10, Some(70), entering)), [68, 36]);
    }

    #[test]
    fn a_buffer_is_looked_at_before_it_is_full() {
        assert_eq!(next_look(500, Some(70), false), 25, "250 in 5 ms");
        assert_eq!(next_look(100_000, Some(70), false), 22, "more than there is time for");
        let mut gathering = Gathering::new(1_000);
        gathering.looked(20 * MS, 100_000);
        gathering.looked(22 * MS, 0);
        assert_eq!(gathering.rests(Some(70 * MS), false), 4 * MS, "a quiet moment says little");
    }

    #[test]
    fn datagrams_gather_until_shortly_before_the_next_poll() {
        let gathers = |now_ms| gathers(now_ms * MS, Some(50 * MS));
        assert_eq!([gathers(10), gathers(32), gathers(33), gathers(47)], [16 * MS, 16 * MS, 15 * MS, MS]);
        assert_eq!([gathers(48), gathers(50), gathers(70)], [GATHER; 3], "what comes now may be in time, or is late");
        assert_eq!(super::gathers(10 * MS, None), GATHER, "nobody knows when the host polls");
    }
}
