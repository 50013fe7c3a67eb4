//! What several runs have shown, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::fault::Fault;
use super::run::Verdict;

/// What one kind of fault did.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    struck: usize,
    crossings: usize,
    back_after: Duration,
    probe_after: Duration,
    absence: Duration,
}

/// The sum of some runs.
#[derive(Debug, Default)]
pub struct Summary {
    rows: BTreeMap<Fault, Row>,
    runs: usize,
    failed: Vec<u64>,
    crossings: usize,
    told: usize,
    writes: usize,
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, verdict: &Verdict) {
        self.runs += 1;
        self.crossings += verdict.crossings;
        self.told += verdict.told;
        self.writes += verdict.writes;
        if !verdict.faults.is_empty() {
            self.failed.push(verdict.seed);
        }
        for struck in &verdict.struck {
            let row = self.rows.entry(struck.fault).or_default();
            row.struck += 1;
            row.crossings += struck.crossings;
            row.back_after = row.back_after.max(struck.back_after);
            row.probe_after = row.probe_after.max(struck.probe_after.unwrap_or_default());
            row.absence = row.absence.max(struck.longest_absence);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| fault | struck | slowest return of all | slowest new log-in | longest absence | crossings |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (fault, row) in &self.rows {
            let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f32());
            let (back, probe, absence) = (seconds(row.back_after), seconds(row.probe_after), seconds(row.absence));
            writeln!(f, "| {fault} | {} | {back} | {probe} | {absence} | {} |", row.struck, row.crossings)?;
        }
        let Self { runs, crossings, told, writes, failed, .. } = self;
        write!(f, "\n{runs} runs, {crossings} crossings, {told} things told, {writes} writes; failed: {failed:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::run::Struck;

    #[test]
    fn the_slowest_counts() {
        let struck = |seconds| Struck {
            fault: Fault::KillMap,
            away: Duration::ZERO,
            back_after: Duration::from_secs(seconds),
            probe_after: Some(Duration::from_secs(1)),
            longest_absence: Duration::from_secs(9),
            crossings: 2,
        };
        let mut summary = Summary::default();
        summary.add(&Verdict { struck: vec![struck(3), struck(5)], ..Verdict::default() });
        summary.add(&Verdict { seed: 7, faults: vec!["lost".to_owned()], ..Verdict::default() });
        let text = summary.to_string();
        assert!(text.contains("| kill -9 of a map server | 2 | 5.0 s | 1.0 s | 9.0 s | 4 |"), "{text}");
        assert!(text.ends_with("2 runs, 0 crossings, 0 things told, 0 writes; failed: [7]"), "{text}");
    }
}
