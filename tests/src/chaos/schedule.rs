//! Which faults strike when: one seed, one schedule.

use std::fmt;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::fault::{Fault, Parts};

/// One fault of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// How long everything is well before it.
    pub calm: Duration,
    /// What goes wrong.
    pub fault: Fault,
    /// For how long.
    pub lasts: Duration,
    /// Which of several it strikes; whoever strikes takes it modulo their number.
    pub which: usize,
    /// Whether it strikes all of a kind, where that makes sense.
    pub all: bool,
}

/// A seeded run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What it was drawn from.
    pub seed: u64,
    /// What happens, one after the other.
    pub strikes: Vec<Strike>,
}

impl Schedule {
    /// So many faults of those that the realm can have. Seeds that follow each other go through all of them before one
    /// comes twice.
    pub fn from_seed(seed: u64, count: usize, parts: Parts) -> Self {
        let deck: Vec<Fault> = Fault::all().into_iter().filter(|fault| fault.fits(parts)).collect();
        let mut rng = Pcg64::seed_from_u64(seed);
        let first = usize::try_from(seed).unwrap_or(0).wrapping_mul(count);
        let mut faults: Vec<Fault> =
            (0..count).map(|turn| deck[shuffled(first.wrapping_add(turn) % deck.len(), deck.len())]).collect();
        for place in (1..faults.len()).rev() {
            faults.swap(place, rng.random_range(0..=place));
        }
        let strikes = faults.into_iter().map(|fault| Strike {
            calm: Duration::from_millis(rng.random_range(1_000..4_000)),
            fault,
            lasts: Duration::from_millis(rng.random_range(fault.lasts_ms())),
            which: rng.random_range(0..64),
            all: rng.random_bool(0.5),
        });
        Self { seed, strikes: strikes.collect() }
    }

    /// A schedule of certain faults, with times drawn from the seed.
    pub fn of(seed: u64, faults: &[Fault]) -> Self {
        let mut rng = Pcg64::seed_from_u64(seed);
        let strike = |fault: &Fault| Strike {
            calm: Duration::from_millis(rng.random_range(500..1_500)),
            fault: *fault,
            lasts: Duration::from_millis(rng.random_range(fault.lasts_ms())),
            which: rng.random_range(0..64),
            all: true,
        };
        Self { seed, strikes: faults.iter().map(strike).collect() }
    }
}

/// A place of the deck that is far from the one before: neighbours there are alike.
fn shuffled(place: usize, len: usize) -> usize {
    let is_coprime =
        |step: &usize| (2..=*step).all(|divisor| !(step.is_multiple_of(divisor) && len.is_multiple_of(divisor)));
    let step = (len * 3 / 8..len).find(is_coprime).unwrap_or(1);
    place * step % len
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}:", self.seed)?;
        for strike in &self.strikes {
            let (calm, lasts) = (strike.calm.as_secs_f32(), strike.lasts.as_secs_f32());
            let whom = if strike.all { "all".to_owned() } else { format!("#{}", strike.which) };
            write!(f, "\n  {calm:.1} s calm, then {lasts:.1} s of: {} ({whom})", strike.fault)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::chaos::fault::{Hop, Trouble};

    const FULL: Parts = Parts { postgres: true, small_disk: true, redis: true, replicas: 2 };

    #[test]
    fn one_seed_is_one_schedule() {
        assert_eq!(Schedule::from_seed(7, 5, FULL), Schedule::from_seed(7, 5, FULL));
        assert_ne!(Schedule::from_seed(7, 5, FULL).strikes, Schedule::from_seed(8, 5, FULL).strikes);
        let of = |seed| Schedule::of(seed, &Fault::all());
        assert_eq!(of(7), of(7));
        assert_ne!(of(7).strikes, of(8).strikes);
    }

    #[test]
    fn twenty_seeds_have_every_fault_wherever_they_begin() {
        for from in (0..30).chain([1_000_000, u64::MAX / 5 - 10, u64::MAX - 20]) {
            let struck: BTreeSet<Fault> = (from..from + 20)
                .flat_map(|seed| Schedule::from_seed(seed, 5, FULL).strikes)
                .map(|strike| strike.fault)
                .collect();
            assert_eq!(struck, Fault::all().into_iter().collect(), "from {from} on");
        }
    }

    fn hops(hop: Hop) -> [Fault; 3] {
        [Trouble::Cut, Trouble::Late, Trouble::HalfOpen].map(|trouble| Fault::Hop(hop, trouble))
    }

    #[test]
    fn what_a_realm_has_not_is_not_struck() {
        let of_postgres = [Fault::StopPostgres, Fault::KillPostgres, Fault::FillDisk];
        let of_postgres = [&of_postgres[..], &hops(Hop::SidecarToPostgres)].concat();
        let of_redis = [&[Fault::EmptyRedis][..], &hops(Hop::SidecarToRedis)].concat();
        let none = Parts { postgres: false, small_disk: false, redis: false, replicas: 1 };
        let of_all = [&of_postgres[..], &of_redis, &[Fault::SameAccountTwice]].concat();
        for (parts, missing) in [
            (FULL, vec![]),
            (Parts { postgres: false, ..FULL }, of_postgres),
            (Parts { small_disk: false, ..FULL }, vec![Fault::FillDisk]),
            (Parts { redis: false, ..FULL }, of_redis),
            (Parts { replicas: 1, ..FULL }, vec![Fault::SameAccountTwice]),
            (none, of_all),
        ] {
            let strikes = (0..20).flat_map(|seed| Schedule::from_seed(seed, 5, parts).strikes);
            let struck: BTreeSet<Fault> = strikes.map(|strike| strike.fault).collect();
            let expected: BTreeSet<Fault> = Fault::all().into_iter().filter(|fault| !missing.contains(fault)).collect();
            assert_eq!(struck, expected, "{parts:?}");
        }
    }
}
