//! A server's metrics, read from the text that Prometheus reads too: for the bot's report, and for tests.

mod histogram;

pub use histogram::Histogram;

use std::collections::BTreeMap;

/// One reading of all metrics. Those of several pages are added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scrape {
    /// Samples by name, each with its labels as text.
    samples: BTreeMap<String, Vec<(String, f64)>>,
}

impl Scrape {
    /// The reading of one page.
    pub fn of(page: &str) -> Self {
        let mut reading = Self::default();
        reading.add(page);
        reading
    }

    /// Adds a page. Lines that are not samples are skipped.
    pub fn add(&mut self, page: &str) {
        for line in page.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, labels, value)) = sample(line) else { continue };
            self.samples.entry(name.to_owned()).or_default().push((labels.to_owned(), value));
        }
    }

    /// The sum of a counter or a gauge over all its labels; `None` if the server has none of this name.
    pub fn sum(&self, name: &str) -> Option<f64> {
        self.samples.get(name).map(|samples| samples.iter().map(|(_, value)| value).sum())
    }

    /// One sample, by its name and its labels as the server writes them: `name{label="value"}`.
    pub fn value(&self, sample: &str) -> Option<f64> {
        let (name, labels) =
            sample.split_once('{').map_or((sample, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
        self.samples.get(name)?.iter().find(|(known, _)| known == labels).map(|(_, value)| *value)
    }

    /// A histogram, summed over all its labels; `None` if the server has none of this name.
    pub fn histogram(&self, name: &str) -> Option<Histogram> {
        let mut histogram = Histogram::default();
        for (labels, count) in self.samples.get(&format!("{name}_bucket"))? {
            if let Some(bound) = label(labels, "le").and_then(|bound| bound.parse().ok()) {
                histogram.add_bucket(bound, *count as u64);
            }
        }
        Some(histogram)
    }

    /// All samples: name, labels as text, value.
    pub fn samples(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.samples.iter().flat_map(|(name, samples)| {
            samples.iter().map(move |(labels, value)| (name.as_str(), labels.as_str(), *value))
        })
    }
}

/// The value of one label. Our own labels contain no commas or quotes.
pub fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"'))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_added_over_labels_and_pages() {
        let mut read = Scrape::of("# HELP k kills\n# TYPE k counter\nk{map=\"1\"} 3\nk{map=\"2\"} 4 1700000000\nbad\n");
        read.add("k 1\nother 9\n");
        assert_eq!((read.sum("k"), read.sum("other"), read.sum("absent")), (Some(8.0), Some(9.0), None));
        assert_eq!(
            (read.value("k{map=\"2\"}"), read.value("k"), read.value("k{map=\"3\"}")),
            (Some(4.0), Some(1.0), None)
        );
        assert_eq!(read.samples().count(), 4);
    }

    #[test]
    fn labels_are_found_by_name() {
        let labels = "name=\"a\", other_name=\"b\"";
        assert_eq!(
            (label(labels, "name"), label(labels, "other_name"), label(labels, "ame")),
            (Some("a"), Some("b"), None)
        );
    }

    #[test]
    fn a_histogram_is_summed_over_its_labels() {
        let page = |channel: u32| {
            format!(
                "t_bucket{{channel=\"{channel}\",le=\"0.01\"}} 50\nt_bucket{{channel=\"{channel}\",le=\"+Inf\"}} 100\n\
                 t_sum{{channel=\"{channel}\"}} 1\nt_count{{channel=\"{channel}\"}} 100\n"
            )
        };
        let read = Scrape::of(&format!("{}{}", page(1), page(2))).histogram("t").unwrap();
        assert_eq!((read.count(), read.share_within(0.01)), (200, 0.5));
        assert_eq!(Scrape::of("t 3\n").histogram("t"), None);
    }
}
