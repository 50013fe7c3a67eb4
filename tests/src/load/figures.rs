//! What a round has measured.

use serde::Serialize;

use super::scene::Scenario;
use super::swarm;

/// A load that sends more of its inputs late than this measures itself.
const MOST_LATE: f64 = 0.1;

/// How often each small number came up.
#[derive(Debug, Clone, Default)]
pub struct Counts(Vec<u64>);

impl Counts {
    const MOST: u64 = 127;

    /// One more; what is above the most counts as the most.
    pub fn add(&mut self, value: u64) {
        let at = value.min(Self::MOST) as usize;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] += 1;
    }

    /// All of another.
    pub fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The smallest number that at least this share of them does not exceed; 0 of none.
    pub fn quantile(&self, share: f64) -> u64 {
        let rank = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let mut below = 0;
        let found = self.0.iter().position(|count| {
            below += count;
            below >= rank
        });
        found.unwrap_or(0) as u64
    }
}

/// Ages in ticks.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Quantiles {
    /// The middle.
    pub p50: u64,
    /// One in a hundred is more.
    pub p99: u64,
}

impl From<&Counts> for Quantiles {
    fn from(counts: &Counts) -> Self {
        Self { p50: counts.quantile(0.5), p99: counts.quantile(0.99) }
    }
}

/// What players of one framing were shown.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Seen {
    /// Number of players.
    pub players: usize,
    /// Snapshots for each player and tick that should have run.
    pub snapshots: f64,
    /// Others in view of a watched player.
    pub in_view: f64,
    /// Age of others within half of the sight, ticks.
    pub age_near: Quantiles,
    /// Age of others beyond.
    pub age_far: Quantiles,
}

impl Seen {
    /// What was seen in so many ticks.
    pub fn of(seen: &swarm::Seen, ticks: f64) -> Self {
        let (players, ages) = (seen.players, &seen.ages);
        // Who is shown nowhere is among those whose age is known, once it was shown right.
        let shown = ages.near.count() + ages.far.count();
        let ratio = |part: u64, whole: f64| if whole == 0.0 { 0.0 } else { part as f64 / whole };
        Self {
            players,
            snapshots: ratio(seen.traffic.snapshots, players as f64 * ticks),
            in_view: ratio(shown, seen.watched.snapshots as f64),
            age_near: Quantiles::from(&ages.near),
            age_far: Quantiles::from(&ages.far),
        }
    }
}

/// What one round of a scenario measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// What they did.
    pub scenario: Scenario,
    /// Number of players.
    pub players: usize,
    /// How long it was watched.
    pub seconds: f64,
    /// The server's processor time for each player and tick, µs.
    pub cpu_us: f64,
    /// The same by thread.
    pub cpu_us_by_thread: Vec<(String, f64)>,
    /// How much of its core the server used.
    pub server_busy: f64,
    /// Work of a tick, ms: the mean, which knows no buckets.
    pub tick_mean_ms: f64,
    /// Work of a tick, ms.
    pub tick_p50_ms: f64,
    /// Work of a tick, ms.
    pub tick_p99_ms: f64,
    /// Work of a tick, ms: the upper bound of the slowest tick's bucket.
    pub tick_max_ms: f64,
    /// How late ticks began, ms.
    pub late_p99_ms: f64,
    /// Ticks that began on time: at most a tenth of a tick late.
    pub on_time: f64,
    /// Ticks that ran, against those that should have.
    pub ticks_run: f64,
    /// Bytes down for each player and second, with UDP's and IP's headers.
    pub down_bytes_per_s: f64,
    /// The same up.
    pub up_bytes_per_s: f64,
    /// Datagrams down for each player and tick.
    pub down_datagrams: f64,
    /// Mean payload of a datagram down, netcode's own bytes included, UDP's not.
    pub down_datagram_bytes: f64,
    /// Mean payload of a datagram up.
    pub up_datagram_bytes: f64,
    /// Bytes down for each update of another player that arrived; 0 where nothing else is in view.
    pub bytes_per_update: f64,
    /// The same, counting those updates alone that moved another.
    pub bytes_per_moving_update: f64,
    /// Others in view of a watched player.
    pub in_view: f64,
    /// Age of others within half of the sight, ticks.
    pub age_near: Quantiles,
    /// Age of others beyond.
    pub age_far: Quantiles,
    /// What those with our framing were shown.
    pub own_framing: Seen,
    /// What those with stock renet's framing were shown.
    pub renet_framing: Seen,
    /// Others who were shown where they were at no time that is remembered, of all that were shown: carried on past a
    /// turn. Their age is since they were last shown right.
    pub shown_nowhere: f64,
    /// From an input's datagram to the first snapshot after it, ticks.
    pub input_to_snapshot: Quantiles,
    /// Resident memory for each player, KiB, against the empty server.
    pub resident_kib: f64,
    /// Snapshots that did not come, of all that should have.
    pub snapshots_missing: f64,
    /// Snapshots without the player's own place.
    pub without_own: u64,
    /// Input commands applied for each player and tick.
    pub inputs_applied: f64,
    /// Players that were dropped.
    pub dropped: usize,
    /// Players by the server's own count.
    pub joined: u64,
    /// What could not be read or was promised and broken.
    pub faults: u64,
    /// Datagrams of players that were refused, since each has but so many a second.
    pub over_budget: u64,
    /// Datagrams that were refused, for any reason.
    pub refused: u64,
    /// Datagrams that strangers sent.
    pub strangers: u64,
    /// Changes of what players own that were committed.
    pub events: u64,
    /// Gains that players were told of.
    pub won: u64,
    /// Seconds until all were in.
    pub join_s: f64,
    /// The load's own share of its core.
    pub load_busy: f64,
    /// Inputs that the load sent more than a tenth of a tick late, of all.
    pub load_late: f64,
}

impl Figures {
    /// What went wrong for the players, if anything did.
    pub fn wrong(&self) -> Option<String> {
        let wrong = |is_wrong: bool, why: String| is_wrong.then_some(why);
        wrong(self.joined != self.players as u64, format!("the server counts {} players", self.joined))
            .or_else(|| wrong(self.dropped > 0, format!("{} players were dropped", self.dropped)))
            .or_else(|| wrong(self.faults > 0, format!("{} faults in what was told", self.faults)))
            .or_else(|| {
                // While the simulation's clock runs slower, fewer inputs are due.
                let due = 0.9 * self.ticks_run.min(1.0);
                wrong(self.inputs_applied < due, format!("{:.2} inputs a tick were applied", self.inputs_applied))
            })
            .or_else(|| wrong(self.without_own > 0, format!("{} snapshots without the own place", self.without_own)))
    }

    /// Why this round counts for nothing, if it does.
    pub fn invalid(&self) -> Option<String> {
        self.wrong().or_else(|| {
            // Its acknowledgements come late too, and what the server does then is to send again.
            let is_late = self.load_late > MOST_LATE;
            is_late.then(|| format!("the load itself sent {:.0} % of its inputs late", self.load_late * 100.0))
        })
    }

    /// Whether so many are held: on time, nobody dropped, and a snapshot with its own state for everybody.
    pub fn is_held(&self) -> bool {
        self.invalid().is_none() && self.on_time >= 0.95 && self.ticks_run >= 0.99 && self.snapshots_missing < 0.001
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_whose_load_is_late_counts_for_nothing() {
        let held =
            Figures { players: 1, joined: 1, inputs_applied: 1.0, ticks_run: 1.0, on_time: 1.0, ..Figures::default() };
        assert!(held.is_held(), "{:?}", held.invalid());
        let late = Figures { load_late: 0.11, ..held.clone() };
        assert_eq!((late.wrong(), late.is_held()), (None, false));
        assert_eq!(late.invalid().as_deref(), Some("the load itself sent 11 % of its inputs late"));
        assert_eq!(Figures { load_late: 0.1, ..held }.invalid(), None, "a tenth may be");
    }
}
