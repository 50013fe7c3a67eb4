//! A histogram as Prometheus writes it.

use anyhow::{Context, Result, ensure};

/// How many were at most each upper bound; the last bound is infinite.
#[derive(Debug, Clone, Default)]
pub struct Histogram(Vec<(f64, u64)>);

impl Histogram {
    /// Reads one without labels off a page of metrics.
    ///
    /// # Errors
    /// When there is none of this name, or one of its buckets cannot be read.
    pub fn read(text: &str, name: &str) -> Result<Self> {
        let mut counts = Vec::new();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix("_bucket{le=\"")) else {
                continue;
            };
            let (bound, count) = rest.split_once("\"} ").context("a bucket has a bound and a count")?;
            counts.push((bound.parse().unwrap_or(f64::INFINITY), count.parse()?));
        }
        ensure!(!counts.is_empty(), "there is no {name}");
        Ok(Self(counts))
    }

    /// What was added since an earlier reading.
    pub fn since(&self, before: &Self) -> Self {
        let counts = self.0.iter().zip(&before.0).map(|((bound, now), (_, then))| (*bound, now - then));
        Self(counts.collect())
    }

    /// All of another with the same bounds.
    pub fn add(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        self.0.iter_mut().zip(&other.0).for_each(|((_, count), (_, more))| *count += more);
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

    #[test]
    fn quantiles_lie_within_their_buckets() {
        let text = "it_bucket{le=\"1\"} 50\nit_bucket{le=\"2\"} 100\nit_bucket{le=\"+Inf\"} 100\n";
        let it = Histogram::read(text, "it").unwrap();
        assert_eq!((it.count(), it.quantile(0.5), it.quantile(0.75), it.quantile(1.0)), (100, 1.0, 1.5, 2.0));
        assert_eq!(it.share_within(1.0), 0.5);
    }
}
