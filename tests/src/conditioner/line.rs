//! One direction of a bad line, without sockets and clock: which packets arrive, and when.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

/// The longest queue before a narrow line: what would wait longer is dropped.
const MAX_QUEUE: Duration = Duration::from_millis(250);

/// How long TCP waits beyond a round trip before it sends a segment again when nothing tells it of the loss (RFC 6298; Linux's least).
const RESEND_UNTOLD: Duration = Duration::from_millis(200);
/// How often it tries. What is lost even then counts as arrived, so that no test waits for ever.
const MAX_SENDS: u32 = 10;

/// How a line treats packets, in each direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// How long a packet is under way, in milliseconds.
    pub latency_ms: f64,
    /// By how much more or less, at most, in milliseconds. Packets overtake each other.
    pub jitter_ms: f64,
    /// Share of packets that are lost, 0 to 1.
    pub loss: f64,
    /// Mean number of packets that are lost one after the other; 1 for losses that do not know of each other.
    pub burst: f64,
    /// Share of packets that are held up by a tenth of a second, and so come after later ones; 0 to 1.
    pub reordered: f64,
    /// Share of packets that come twice, 0 to 1.
    pub duplicated: f64,
    /// Bytes that get through in a second; `None` without a limit.
    pub bytes_per_second: Option<u32>,
}

/// How long a packet is held up that is to come after later ones.
const HELD_UP: Duration = Duration::from_millis(100);

impl Default for Conditions {
    /// A line without delay and losses.
    fn default() -> Self {
        Self {
            latency_ms: 0.0,
            jitter_ms: 0.0,
            loss: 0.0,
            burst: 1.0,
            reordered: 0.0,
            duplicated: 0.0,
            bytes_per_second: None,
        }
    }
}

/// What becomes of a packet: when it arrives, and when its duplicate does. Nothing: it is lost.
pub type Fate = Vec<Duration>;

/// One direction of a line. The same seed and the same packets meet the same fate.
#[derive(Debug, Clone)]
pub struct Line {
    conditions: Conditions,
    random: Pcg32,
    is_in_burst: bool,
    /// When a narrow line has sent all that waits.
    free_at: Duration,
    /// When the newest segment of a stream was sent for the first time.
    newest_segment: Option<Duration>,
}

impl Line {
    /// A line.
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        let random = Pcg32::seed_from_u64(seed);
        Self { conditions, random, is_in_burst: false, free_at: Duration::ZERO, newest_segment: None }
    }

    /// Treats packets by these conditions from now on.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// A packet is sent now.
    pub fn send(&mut self, now: Duration, bytes: usize) -> Fate {
        let Some(sent_at) = self.queue(now, bytes) else { return Fate::new() };
        if self.is_lost() {
            return Fate::new();
        }
        let mut fate = vec![sent_at + self.way()];
        if self.chance(self.conditions.reordered) {
            fate[0] += HELD_UP;
        }
        if self.chance(self.conditions.duplicated) {
            let again = sent_at + self.way();
            fate.push(again);
        }
        fate
    }

    /// The same for a segment of TCP: when it arrives, sent again as often as it takes. What comes behind it waits for it, which is
    /// the caller's matter.
    pub fn send_segment(&mut self, now: Duration, bytes: usize) -> Duration {
        let resend_after = self.resend_after(now);
        let mut sent_at = now;
        for _ in 0..MAX_SENDS {
            if let Some(due) = self.send(sent_at, bytes).into_iter().min() {
                return due;
            }
            sent_at += resend_after;
        }
        sent_at
    }

    /// How long after it was sent a lost segment is sent again. The acknowledgement of the next segment tells of the loss (RFC 8985),
    /// and that is taken to follow as fast as this one has followed the one before.
    fn resend_after(&mut self, now: Duration) -> Duration {
        let gap = self.newest_segment.replace(now).map_or(RESEND_UNTOLD, |before| now.saturating_sub(before));
        Duration::from_secs_f64(2.0 * self.conditions.latency_ms / 1_000.0) + gap.min(RESEND_UNTOLD)
    }

    /// When a packet has left a narrow line; `None` when the queue before it is full.
    fn queue(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let Some(per_second) = self.conditions.bytes_per_second else { return Some(now) };
        let begins = self.free_at.max(now);
        if begins - now > MAX_QUEUE {
            return None;
        }
        self.free_at = begins + Duration::from_secs_f64(bytes as f64 / f64::from(per_second.max(1)));
        Some(self.free_at)
    }

    /// A line of two states (Gilbert's): in one everything arrives, in the other nothing does.
    fn is_lost(&mut self) -> bool {
        let Conditions { loss, burst, .. } = self.conditions;
        let burst = burst.max(1.0);
        self.is_in_burst = if burst <= 1.0 {
            self.chance(loss)
        } else if self.is_in_burst {
            !self.chance(1.0 / burst)
        } else {
            self.chance(loss / (burst * (1.0 - loss.min(0.99))))
        };
        self.is_in_burst
    }

    fn way(&mut self) -> Duration {
        let Conditions { latency_ms, jitter_ms, .. } = self.conditions;
        let off = (2.0 * self.share() - 1.0) * jitter_ms;
        Duration::from_secs_f64((latency_ms + off).max(0.0) / 1_000.0)
    }

    fn chance(&mut self, of_one: f64) -> bool {
        of_one > 0.0 && self.share() < of_one
    }

    fn share(&mut self) -> f64 {
        f64::from(self.random.next_u32()) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKETS: u32 = 100_000;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The fates of packets of 100 bytes, one each 10 ms, from the moment in which each was sent.
    fn fates(conditions: Conditions) -> Vec<Fate> {
        let mut line = Line::new(conditions, 3);
        (0..PACKETS)
            .map(|n| {
                let now = ms(10) * n;
                line.send(now, 100).into_iter().map(|due| due - now).collect()
            })
            .collect()
    }

    fn share(fates: &[Fate], is: impl Fn(&Fate) -> bool) -> f64 {
        fates.iter().filter(|fate| is(fate)).count() as f64 / fates.len() as f64
    }

    #[test]
    fn a_good_line_passes_everything_at_once() {
        assert!(fates(Conditions::default()).iter().all(|fate| *fate == [Duration::ZERO]));
    }

    #[test]
    fn packets_are_late_by_the_latency_and_the_jitter() {
        let fates = fates(Conditions { latency_ms: 50.0, jitter_ms: 20.0, ..Conditions::default() });
        let (least, most) = (fates.iter().flatten().min().unwrap(), fates.iter().flatten().max().unwrap());
        assert!((ms(30)..ms(31)).contains(least) && (ms(69)..=ms(70)).contains(most), "{least:?} to {most:?}");
        assert_eq!(share(&fates, |fate| fate.len() == 1), 1.0);
    }

    #[test]
    fn losses_come_alone_or_in_bursts_and_are_as_many() {
        for burst in [1.0, 5.0] {
            let fates = fates(Conditions { loss: 0.1, burst, ..Conditions::default() });
            let lost = share(&fates, Vec::is_empty);
            assert!((0.09..0.11).contains(&lost), "{lost} lost, in bursts of {burst}");
            let bursts = fates.windows(2).filter(|pair| pair[0].is_empty() && !pair[1].is_empty()).count();
            let length = lost * f64::from(PACKETS) / bursts as f64;
            let expected = if burst > 1.0 { burst } else { 1.0 / 0.9 };
            assert!((length - expected).abs() < 0.3, "bursts of {length}, not {expected}");
        }
    }

    #[test]
    fn some_come_twice_and_some_after_later_ones() {
        let twice = fates(Conditions { duplicated: 0.2, ..Conditions::default() });
        assert!((0.19..0.21).contains(&share(&twice, |fate| fate.len() == 2)));
        let late = fates(Conditions { reordered: 0.2, ..Conditions::default() });
        assert!((0.19..0.21).contains(&share(&late, |fate| *fate == [HELD_UP])));
        // One packet each 10 ms, and the next is not held up itself: 0.2 × 0.8 of them.
        let overtaken = late.windows(2).filter(|two| two[0][0] > two[1][0] + ms(10)).count();
        assert!((15_000..17_000).contains(&overtaken), "{overtaken} came after the next one");
    }

    #[test]
    fn a_narrow_line_has_a_queue_with_an_end() {
        let conditions = Conditions { bytes_per_second: Some(1_000), ..Conditions::default() };
        let mut line = Line::new(conditions, 3);
        let at_once: Vec<Fate> = (0..6).map(|_| line.send(Duration::ZERO, 100)).collect();
        assert_eq!(at_once, [vec![ms(100)], vec![ms(200)], vec![ms(300)], vec![], vec![], vec![]]);
        assert_eq!(line.send(ms(1_000), 100), [ms(1_100)], "when it is free again");
    }

    #[test]
    fn a_lost_segment_comes_when_the_next_one_or_silence_has_told_of_it() {
        let late = |conditions: Conditions, gap: Duration| {
            let mut line = Line::new(conditions, 3);
            let late = (1..1_000).map(|n| line.send_segment(gap * n, 100) - gap * n - ms(50));
            late.collect::<Vec<Duration>>()
        };
        let lossy = Conditions { latency_ms: 50.0, loss: 0.1, ..Conditions::default() };
        // The first has none before it, so only silence can tell.
        let told = late(lossy, ms(33)).split_off(1);
        let (once, twice) = (ms(100 + 33), ms(2 * (100 + 33)));
        assert!(
            told.contains(&once)
                && told.contains(&twice)
                && told.iter().all(|late| late.as_micros() % once.as_micros() == 0)
        );
        let untold = late(lossy, ms(5_000));
        assert!(untold.contains(&ms(100 + 200)) && !untold.contains(&once), "nothing follows in time");
        assert!(late(Conditions { loss: 0.0, ..lossy }, ms(33)).iter().all(Duration::is_zero));
    }

    #[test]
    fn the_same_seed_meets_the_same_fate() {
        let conditions = Conditions { jitter_ms: 5.0, loss: 0.3, duplicated: 0.3, ..Conditions::default() };
        let fates = |seed| {
            let mut line = Line::new(conditions, seed);
            (0..200).map(|n| line.send(ms(n), 10)).collect::<Vec<_>>()
        };
        assert_eq!(fates(1), fates(1));
        assert_ne!(fates(1), fates(2));
    }
}
