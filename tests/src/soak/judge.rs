//! Whether anything has grown.

use realmgate_client::scrape::Histogram;
use serde::Serialize;

use super::watch::Minute;

/// Minutes in which caches fill and the crowd gathers: they do not count.
pub const SETTLE: usize = 5;
/// Minutes that are held against each other: the first so many that count, and the last.
pub const WINDOW: usize = 5;
/// By how much anything may grow.
pub const MOST_GROWTH: f64 = 0.05;
/// The share of those who came that must get into the world: memory of an empty one says nothing.
pub const LEAST_ENTERED: f64 = 0.9;
/// Minutes that a run needs to be judged.
pub const ENOUGH: usize = SETTLE + 2 * WINDOW;

/// A figure, early and late.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The figure's name and unit.
    pub what: String,
    /// Over the first minutes that count.
    pub early: f64,
    /// Over the last minutes.
    pub late: f64,
}

impl Compared {
    /// By which share it has grown; less than 0 where it shrank.
    pub fn growth(&self) -> f64 {
        if self.early > 0.0 { self.late / self.early - 1.0 } else { 0.0 }
    }

    /// Whether that is too much.
    pub fn is_too_much(&self) -> bool {
        self.growth() > MOST_GROWTH
    }
}

/// Holds the minutes after the first [`SETTLE`] against the last; nothing where there are too few. Memory by its mean,
/// ticks by the 99th percentile of all ticks of each window, whose buckets are added up.
pub fn compare(minutes: &[Minute]) -> Vec<Compared> {
    if minutes.len() < ENOUGH {
        return Vec::new();
    }
    let (early, late) = (&minutes[SETTLE..SETTLE + WINDOW], &minutes[minutes.len() - WINDOW..]);
    let processes = early[0].usage.iter().enumerate();
    let mut compared: Vec<Compared> = processes
        .map(|(at, usage)| {
            let mean = |window: &[Minute]| {
                let sum: u64 = window.iter().map(|minute| minute.usage[at].resident).sum();
                sum as f64 / WINDOW as f64 / MEBIBYTE
            };
            let what = format!("resident memory of {}, MiB", usage.process);
            Compared { what, early: mean(early), late: mean(late) }
        })
        .collect();
    let p99 = |window: &[Minute]| {
        let mut work = Histogram::default();
        window.iter().for_each(|minute| work.add(&minute.work));
        work.quantile(0.99) * 1e3
    };
    compared.push(Compared { what: "tick p99, ms".to_owned(), early: p99(early), late: p99(late) });
    compared
}

/// Bytes.
pub const MEBIBYTE: f64 = 1_048_576.0;

#[cfg(test)]
mod tests {
    use realmgate_client::scrape::Scrape;

    use super::super::watch::Usage;
    use super::*;

    /// A minute with so much memory, whose ticks took at most 1 ms but for so many of 100 that took up to 10.
    fn minute(mebibytes: u64, slow: u64) -> Minute {
        let (fast, name) = (100 - slow, "work");
        let text = format!(
            "{name}_bucket{{le=\"0.001\"}} {fast}\n{name}_bucket{{le=\"0.01\"}} 100\n{name}_bucket{{le=\"+Inf\"}} 100\n"
        );
        let usage = [("the other", 64), ("it", mebibytes)].map(|(process, mebibytes)| Usage {
            process,
            resident: mebibytes << 20,
            cpu_s: 1.0,
            descriptors: 1,
            threads: 1,
        });
        Minute {
            number: 1,
            players: 1,
            accounts: 1,
            usage: usage.to_vec(),
            ticks: 100,
            tick_p99_ms: 0.0,
            scrape_ms: 1.0,
            series: 1,
            tables: std::collections::BTreeMap::new(),
            work: Scrape::of(&text).histogram(name).unwrap(),
        }
    }

    fn faults(minutes: &[Minute]) -> Vec<String> {
        compare(minutes).into_iter().filter(Compared::is_too_much).map(|compared| compared.what).collect()
    }

    #[test]
    fn what_grows_at_first_and_then_stays_is_fine() {
        let gathering = (0..5).map(|number| minute(10 * (number + 1), 50));
        let minutes: Vec<Minute> = gathering.chain((5..15).map(|_| minute(100, 1))).collect();
        let compared = compare(&minutes);
        let same = |what: &str, figure| Compared { what: what.to_owned(), early: figure, late: figure };
        assert_eq!(
            compared[..2],
            [same("resident memory of the other, MiB", 64.0), same("resident memory of it, MiB", 100.0)]
        );
        assert_eq!(compared[2..], [same("tick p99, ms", compared[2].early)]);
        assert_eq!(faults(&minutes), [""; 0]);
    }

    #[test]
    fn what_grows_on_is_found() {
        let memory: Vec<Minute> = (0..15).map(|number| minute(100 + number, 0)).collect();
        assert_eq!(faults(&memory), [""; 0], "5 of 107 are less than 5 %");
        let memory: Vec<Minute> = (0..15).map(|number| minute(100 + 2 * number, 0)).collect();
        assert_eq!(faults(&memory), ["resident memory of it, MiB"]);
        let memory = |late| (0..15).map(|number| minute(if number < 10 { 1_000 } else { late }, 0)).collect::<Vec<_>>();
        assert_eq!(faults(&memory(1_049)), [""; 0]);
        assert_eq!(faults(&memory(1_051)), ["resident memory of it, MiB"]);
        let ticks: Vec<Minute> = (0..15).map(|number| minute(100, if number < 10 { 1 } else { 3 })).collect();
        assert_eq!(faults(&ticks), ["tick p99, ms"]);
    }

    #[test]
    fn a_short_run_is_not_judged() {
        let minutes: Vec<Minute> = (0..15).map(|number| minute(100 * (number + 1), 0)).collect();
        assert_eq!(compare(&minutes[..14]), []);
        assert_eq!(faults(&minutes), ["resident memory of it, MiB"], "a minute more is enough");
    }
}
