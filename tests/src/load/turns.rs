//! Whose tick is due: everybody's once in each tick of the server, spread evenly over it.

use std::time::Duration;

/// The server's tick in every scene.
pub const TICK: Duration = Duration::from_millis(50);
/// A tenth of it: what is later than this is late.
pub const LATE: Duration = Duration::from_millis(5);
/// Who is further behind forgets what it has missed.
const MOST_BEHIND: Duration = Duration::from_millis(250);

/// The players' turns.
#[derive(Debug)]
pub struct Turns {
    players: u64,
    taken: u64,
    /// Turns that came late, or never.
    pub late: u64,
    /// Turns in all.
    pub due: u64,
}

impl Turns {
    /// Turns of so many players, at least one.
    pub fn new(players: usize) -> Self {
        Self { players: players.max(1) as u64, taken: 0, late: 0, due: 0 }
    }

    /// The next player whose turn it is by now.
    pub fn next(&mut self, now: Duration) -> Option<usize> {
        let due = self.next_at();
        if due > now {
            return None;
        }
        let behind = now - due;
        if behind > MOST_BEHIND {
            let missed = (behind.as_nanos() * u128::from(self.players) / TICK.as_nanos()) as u64;
            self.taken += missed;
            self.late += missed;
            self.due += missed;
        }
        let number = (self.taken % self.players) as usize;
        self.taken += 1;
        self.due += 1;
        self.late += u64::from(behind > LATE);
        Some(number)
    }

    /// When the next turn is due.
    pub fn next_at(&self) -> Duration {
        Duration::from_nanos((u128::from(self.taken) * TICK.as_nanos() / u128::from(self.players)) as u64)
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        (self.late, self.due) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_turn_in_each_tick() {
        let mut turns = Turns::new(3);
        let mut taken = Vec::new();
        for ms in 0..500 {
            while let Some(number) = turns.next(Duration::from_millis(ms)) {
                taken.push((ms, number));
            }
        }
        let of_tick = |tick: u64| [(50 * tick, 0), (50 * tick + 17, 1), (50 * tick + 34, 2)];
        assert_eq!(taken, (0..10).flat_map(of_tick).collect::<Vec<_>>());
        assert_eq!((turns.late, turns.due), (0, 30));
        // The 270 turns of 4.5 s are missed, and the next one is late.
        assert_eq!(turns.next(Duration::from_secs(5)), Some(0), "who was long away goes on from now");
        assert_eq!((turns.late, turns.due), (271, 301));
        assert_eq!(turns.next(Duration::from_secs(5)), None);
        assert_eq!(turns.next(Duration::from_millis(5_017)), Some(1));
    }
}
