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
        // Of each figure another one is the greatest, and neither the first nor the last of all.
        let struck = |fault, back, probe: Option<u64>, absence| Struck {
            fault,
            away: Duration::ZERO,
            back_after: Duration::from_secs(back),
            probe_after: probe.map(Duration::from_secs),
            longest_absence: Duration::from_secs(absence),
            crossings: 2,
        };
        let kill = |back, probe, absence| struck(Fault::KillMap, back, probe, absence);
        let mut summary = Summary::default();
        let first = vec![kill(3, Some(1), 4), kill(5, None, 6), struck(Fault::EmptyRedis, 8, None, 8)];
        summary.add(&Verdict { struck: first, crossings: 3, told: 10, writes: 100, ..Verdict::default() });
        let second = vec![kill(4, Some(2), 9), kill(1, Some(1), 7)];
        let faults = vec!["lost".to_owned()];
        summary.add(&Verdict { seed: 7, struck: second, crossings: 4, told: 20, writes: 200, faults });
        let text = summary.to_string();
        assert!(text.contains("\n| kill -9 of a map server | 4 | 5.0 s | 2.0 s | 9.0 s | 8 |\n"), "{text}");
        assert!(text.contains("\n| Redis restarted empty | 1 | 8.0 s | 0.0 s | 8.0 s | 2 |\n"), "{text}");
        assert!(text.ends_with("\n2 runs, 7 crossings, 30 things told, 300 writes; failed: [7]"), "{text}");
    }
}
