//! Ids of traces and spans: unlike each other, and no secrets.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of a trace, as 32 hex digits; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceNumber(pub(super) u128);

/// The id of a span, as 16 hex digits; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanNumber(pub(super) u64);

impl TraceNumber {
    /// Reads the 32 digits of one, in small letters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = digits(text, 32).then(|| u128::from_str_radix(text, 16).ok())??;
        (number != 0).then_some(Self(number))
    }
}

impl SpanNumber {
    /// Reads the 16 digits of one, in small letters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = digits(text, 16).then(|| u64::from_str_radix(text, 16).ok())??;
        (number != 0).then_some(Self(number))
    }
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for TraceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Makes ids: numbers that are counted, and mixed. No call of the system for each.
pub(super) struct Numbers {
    next: AtomicU64,
}

impl Numbers {
    /// Begins somewhere, so that other processes begin elsewhere.
    pub(super) fn new() -> Self {
        let seed = uuid::Uuid::new_v4().as_u64_pair();
        Self { next: AtomicU64::new(seed.0 ^ seed.1) }
    }

    /// Some number. The function is that of splitmix64.
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.next.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn trace(&self) -> TraceNumber {
        TraceNumber((u128::from(self.draw()) << 64 | u128::from(self.draw())).max(1))
    }

    pub(super) fn span(&self) -> SpanNumber {
        SpanNumber(self.draw().max(1))
    }

    /// Whether this is one of the `ratio` of all cases.
    pub(super) fn chance(&self, ratio: f64) -> bool {
        // 53 bits are what a float holds.
        let drawn = (self.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_read_as_they_are_written() {
        let numbers = Numbers::new();
        let (first, second) = (numbers.trace(), numbers.trace());
        assert_ne!(first, second);
        assert_eq!(TraceNumber::parse(&first.to_string()), Some(first));
        let (span, other) = (numbers.span(), numbers.span());
        assert_ne!(span, other);
        assert_eq!(SpanNumber::parse(&span.to_string()), Some(span));
        let small = (TraceNumber(10), SpanNumber(10));
        let written = (small.0.to_string(), small.1.to_string());
        assert_eq!(written, (format!("{}a", "0".repeat(31)), format!("{}a", "0".repeat(15))), "all digits are written");
        assert_eq!(SpanNumber::parse(&"1".repeat(15)), None, "all digits are wanted");
        for bad in ["", "0", &"0".repeat(32), &"A".repeat(32), &"g".repeat(32), &"1".repeat(31), &"+".repeat(32)] {
            assert_eq!(TraceNumber::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_ratio_is_met() {
        let numbers = Numbers::new();
        let share = |ratio: f64| (0..10_000).filter(|_| numbers.chance(ratio)).count();
        assert_eq!((share(0.0), share(1.0)), (0, 10_000));
        // Beyond ten standard deviations.
        let quarter = share(0.25);
        assert!((2_000..3_000).contains(&quarter), "{quarter}");
    }
}
