//! The verdict of a run as tables for people.

use std::fmt;

use super::run::Verdict;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what the hostile did | acts a minute, offered | acts | asked | refused | cut off |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let (behaviour, responses) = (row.behaviour, row.responses);
            let (name, offered) = (behaviour.name, behaviour.per_minute);
            writeln!(
                f,
                "| {name} | {offered} | {} | {} | {} | {} |",
                row.acts, responses.asked, responses.refused, responses.ended
            )?;
        }
        let Self { bots, visits, health, bounds, .. } = self;
        let mib = |bytes: u64| bytes >> 20;
        let seconds = |time: std::time::Duration| format!("{:.1} s", time.as_secs_f32());
        let came = visits.took.len() + visits.failed.len();
        writeln!(f, "\n| what the honest met | seen | bound |")?;
        writeln!(f, "|---|---|---|")?;
        writeln!(f, "| bots in the world at the end | {} of {} | all |", bots.logged_out, self.bot_count)?;
        writeln!(f, "| connections lost | {} | 0 |", bots.disconnects)?;
        writeln!(f, "| snapshots a second | {:.1} | {:.0} |", bots.snapshots_per_s, bounds.snapshots_per_s)?;
        writeln!(f, "| longest without a sight | {} | {} |", seconds(bots.longest_absence), seconds(bounds.absence))?;
        writeln!(f, "| newcomers let in | {} of {came} | all |", visits.took.len())?;
        let enter = seconds(bounds.enter_within);
        writeln!(f, "| newcomers, from log-in to world, p50 | {} | {enter} |", seconds(visits.quantile(0.5)))?;
        writeln!(f, "| the slowest | {} | {enter} |", seconds(visits.quantile(1.0)))?;
        writeln!(f, "| answers that broke a promise | {} | 0 |", self.breaches.0)?;
        writeln!(f, "| server's memory, most | {} MiB | {} MiB |", mib(health.resident_most), bounds.resident_mib)?;
        writeln!(
            f,
            "| at the beginning, and at the end | {}, {} MiB | |",
            mib(health.resident_first),
            mib(health.resident_last)
        )?;
        write!(f, "| tick p99 | {:.1} ms | |", health.tick_p99.as_secs_f64() * 1_000.0)
    }
}
