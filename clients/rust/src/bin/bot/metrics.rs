//! Reading the server's metrics from Prometheus text.

use std::collections::BTreeMap;

/// One reading of all figures. Figures from several pages are added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Samples by name, each with its labels as text.
    samples: BTreeMap<String, Vec<(String, f64)>>,
}

impl Reading {
    /// Adds a page. Lines that are not samples are skipped.
    pub fn add(&mut self, page: &str) {
        for line in page.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, labels, value)) = sample(line) else { continue };
            self.samples.entry(name.to_owned()).or_default().push((labels.to_owned(), value));
        }
    }

    /// The sum of a figure over all its labels; `None` if the server has no such figure.
    pub fn sum(&self, name: &str) -> Option<f64> {
        self.samples.get(name).map(|samples| samples.iter().map(|(_, value)| value).sum())
    }

    /// A quantile of a histogram's growth since `before`, or of a summary's current values.
    pub fn quantile(&self, name: &str, quantile: f64, before: &Self) -> Option<f64> {
        self.bucket_quantile(name, quantile, before).or_else(|| self.summary_quantile(name, quantile))
    }

    fn summary_quantile(&self, name: &str, quantile: f64) -> Option<f64> {
        let samples = self.samples.get(name)?;
        let fits = |labels: &str| label(labels, "quantile").and_then(|text| text.parse::<f64>().ok()) == Some(quantile);
        // The slowest of several channels.
        samples.iter().filter(|(labels, _)| fits(labels)).map(|(_, value)| *value).reduce(f64::max)
    }

    fn bucket_quantile(&self, name: &str, quantile: f64, before: &Self) -> Option<f64> {
        let (now, then) = (self.buckets(name), before.buckets(name));
        let counts: Vec<(f64, f64)> =
            now.iter().map(|(edge, count)| (edge.0, count - then.get(edge).copied().unwrap_or(0.0))).collect();
        let total = counts.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        let wanted = total * quantile;
        let (mut low_edge, mut low_count) = (0.0, 0.0);
        for (edge, count) in counts {
            if count >= wanted {
                if edge.is_infinite() {
                    return Some(low_edge);
                }
                let share = if count > low_count { (wanted - low_count) / (count - low_count) } else { 1.0 };
                return Some(low_edge + (edge - low_edge) * share);
            }
            (low_edge, low_count) = (edge, count);
        }
        None
    }

    /// Cumulative counts by upper edge, summed over all other labels.
    fn buckets(&self, name: &str) -> BTreeMap<Edge, f64> {
        let mut buckets = BTreeMap::new();
        for (labels, value) in self.samples.get(&format!("{name}_bucket")).into_iter().flatten() {
            let Some(edge) = label(labels, "le").and_then(|text| text.parse().ok()) else { continue };
            *buckets.entry(Edge(edge)).or_insert(0.0) += value;
        }
        buckets
    }
}

/// A bucket's upper edge, with a total order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge(f64);

impl Eq for Edge {}

impl PartialOrd for Edge {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Edge {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A line's name, labels and value. A time stamp after the value is ignored.
fn sample(line: &str) -> Option<(&str, &str, f64)> {
    let (name, labels, rest) = match line.find('{') {
        Some(open) => {
            let close = line.rfind('}')?;
            (&line[..open], line.get(open + 1..close)?, &line[close + 1..])
        }
        None => {
            let (name, rest) = line.split_once(char::is_whitespace)?;
            (name, "", rest)
        }
    };
    Some((name.trim(), labels, rest.split_whitespace().next()?.parse().ok()?))
}

/// The value of one label. Our own labels contain no commas or quotes.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(page: &str) -> Reading {
        let mut reading = Reading::default();
        reading.add(page);
        reading
    }

    #[test]
    fn counters_are_added_over_labels() {
        let read =
            reading("# HELP k kills\n# TYPE k counter\nk{map=\"1\"} 3\nk{map=\"2\"} 4 1700000000\nother 9\nbad\n");
        assert_eq!((read.sum("k"), read.sum("other"), read.sum("absent")), (Some(7.0), Some(9.0), None));
    }

    #[test]
    fn a_histogram_is_read_as_its_growth() {
        let before = reading("t_bucket{le=\"0.01\"} 100\nt_bucket{le=\"0.02\"} 100\nt_bucket{le=\"+Inf\"} 100\n");
        let after = reading("t_bucket{le=\"0.01\"} 100\nt_bucket{le=\"0.02\"} 190\nt_bucket{le=\"+Inf\"} 200\n");
        let median = after.quantile("t", 0.5, &before).unwrap();
        assert!((median - (0.01 + 0.01 * 50.0 / 90.0)).abs() < 1e-9, "{median}");
        assert_eq!(after.quantile("t", 0.99, &before), Some(0.02), "beyond the last edge nothing is known");
        assert_eq!(before.quantile("t", 0.5, &before), None, "nothing has grown");
    }

    #[test]
    fn a_summary_is_read_as_the_slowest_channel() {
        let read =
            reading("t{channel=\"1\",quantile=\"0.5\"} 0.001\nt{channel=\"2\",quantile=\"0.5\"} 0.003\nt_sum 1\n");
        assert_eq!(read.quantile("t", 0.5, &Reading::default()), Some(0.003));
        assert_eq!(read.quantile("t", 0.99, &Reading::default()), None);
    }
}
