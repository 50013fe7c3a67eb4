//! A histogram as Prometheus writes it.

/// How many were at most each upper bound, in ascending order; the last bound is infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram(Vec<(f64, u64)>);

impl Histogram {
    /// Adds to the count of one bucket.
    pub(super) fn add_bucket(&mut self, bound: f64, count: u64) {
        match self.0.binary_search_by(|(known, _)| known.total_cmp(&bound)) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (bound, count)),
        }
    }

    /// Adds all of another with the same bounds.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(bound, count)| self.add_bucket(*bound, *count));
    }

    /// What was added since an earlier reading; all, if there was none then.
    pub fn since(&self, before: &Self) -> Self {
        let then = |bound: f64| before.0.iter().find(|(known, _)| *known == bound).map_or(0, |(_, count)| *count);
        Self(self.0.iter().map(|(bound, now)| (*bound, now.saturating_sub(then(*bound)))).collect())
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.last().map_or(0, |(_, count)| *count)
    }

    /// What this share of them does not exceed: between the bounds of its bucket, as Prometheus draws it.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = self.count() as f64 * share;
        let (mut lower, mut below) = (0.0, 0);
        for (bound, count) in &self.0 {
            if *count as f64 >= rank {
                let within = (rank - below as f64) / (count - below).max(1) as f64;
                let upper = if bound.is_finite() { *bound } else { lower };
                return lower + (upper - lower) * within;
            }
            (lower, below) = (*bound, *count);
        }
        lower
    }

    /// The share that is at most this bound, which must be one of the buckets'.
    pub fn share_within(&self, bound: f64) -> f64 {
        let within = self.0.iter().find(|(known, _)| *known >= bound).map_or(0, |(_, count)| *count);
        within as f64 / self.count().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(buckets: [(f64, u64); 3]) -> Histogram {
        let mut histogram = Histogram::default();
        buckets.iter().rev().for_each(|(bound, count)| histogram.add_bucket(*bound, *count));
        histogram
    }

    #[test]
    fn quantiles_lie_within_their_buckets() {
        let it = histogram([(1.0, 50), (2.0, 100), (f64::INFINITY, 100)]);
        assert_eq!((it.count(), it.quantile(0.5), it.quantile(0.75), it.quantile(1.0)), (100, 1.0, 1.5, 2.0));
        assert_eq!(it.share_within(1.0), 0.5);
    }

    #[test]
    fn growth_is_what_an_earlier_reading_lacks() {
        let before = histogram([(0.01, 100), (0.02, 150), (f64::INFINITY, 200)]);
        let after = histogram([(0.01, 100), (0.02, 240), (f64::INFINITY, 300)]);
        let grown = after.since(&before);
        let median = grown.quantile(0.5);
        assert!((median - (0.01 + 0.01 * 50.0 / 90.0)).abs() < 1e-9, "{median}");
        assert_eq!(grown.quantile(0.99), 0.02, "beyond the last bound nothing is known");
        assert_eq!(before.since(&before).count(), 0);
        assert_eq!(after.since(&Histogram::default()), after);
    }
}
