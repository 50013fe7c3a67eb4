//! What must hold however the hostile behave.

use std::time::Duration;

use super::run::Verdict;

/// What honest players may have to bear, and what the server may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A newcomer logs in and is in the world within this.
    pub enter_within: Duration,
    /// No honest player sees nothing for longer.
    pub absence: Duration,
    /// Snapshots that an honest player sees in a second, at least.
    pub snapshots_per_s: f64,
    /// The server's resident memory, in MiB.
    pub resident_mib: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            // A debug build takes long for a password hash, and CI's machines are busy.
            enter_within: Duration::from_secs(if cfg!(debug_assertions) { 15 } else { 5 }),
            absence: Duration::from_secs(5),
            snapshots_per_s: 5.0,
            resident_mib: 512,
        }
    }
}

impl Bounds {
    /// What is wrong, each in a sentence.
    pub fn faults(&self, verdict: &Verdict) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        let Verdict { bots, visits, health, .. } = verdict;
        check(bots.entered == verdict.bot_count, format!("only {} bots entered the world", bots.entered));
        check(bots.logged_out == bots.entered, format!("only {} bots logged out", bots.logged_out));
        check(bots.disconnects == 0, format!("honest bots lost {} connections", bots.disconnects));
        check(bots.decode_errors == 0, format!("honest bots failed to decode {} messages", bots.decode_errors));
        check(bots.troubles.is_empty(), format!("honest bots reported errors: {:?}", bots.troubles));
        check(
            bots.longest_absence <= self.absence,
            format!("an honest bot received no snapshot for {:.1} s", bots.longest_absence.as_secs_f32()),
        );
        check(
            bots.snapshots_per_s >= self.snapshots_per_s,
            format!("honest bots received only {:.1} snapshots a second", bots.snapshots_per_s),
        );
        let (came, failed) = (visits.took.len() + visits.failed.len(), visits.failed.len());
        check(came > 0, "no newcomer tried to enter".to_owned());
        check(failed == 0, format!("{failed} of {came} newcomers did not enter in time: {:?}", visits.failed));
        let most = health.resident_most >> 20;
        check(most <= self.resident_mib, format!("the server used {most} MiB of memory"));
        let (breaches, first) = &verdict.breaches;
        check(*breaches == 0, format!("{breaches} responses were wrong, for example: {first:#?}"));
        check(!verdict.rows.is_empty(), "nothing was run: no behaviour has such a name".to_owned());
        for row in &verdict.rows {
            let (name, responses) = (row.behaviour.name, row.responses);
            check(row.acts > 0, format!("{name}: never run"));
            check(row.crashed == 0, format!("{name}: the adversary panicked in {} acts", row.crashed));
            let held = responses.asked > 0 && responses.refused + responses.ended > 0;
            check(held || !row.behaviour.must_be_refused, format!("{name}: no request was refused"));
        }
        faults
    }
}
