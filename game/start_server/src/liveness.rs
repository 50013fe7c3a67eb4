//! Liveness of the map server: ticks advance, and connected players are sent snapshots.

use std::sync::atomic::{AtomicU64, Ordering};

use realmgate_engine::host::HostStatus;

/// Seconds without any snapshot while players are connected, after which the server counts as unhealthy.
const MAX_SILENCE_S: u64 = 5;

/// Results of the last check. A check runs every second.
#[derive(Debug)]
pub struct Liveness {
    /// Ticks in the last second; 1 before the first check.
    ticks_last_second: AtomicU64,
    /// Seconds in a row without any snapshot while players were connected.
    silence_s: AtomicU64,
    ticks_before: AtomicU64,
    snapshots_before: AtomicU64,
}

impl Default for Liveness {
    fn default() -> Self {
        let none = AtomicU64::default;
        Self { ticks_last_second: 1.into(), silence_s: none(), ticks_before: none(), snapshots_before: none() }
    }
}

impl Liveness {
    /// Runs a check. Call it once a second.
    pub fn check(&self, status: &HostStatus) {
        let ticks = status.ticks.load(Ordering::Relaxed);
        let before = self.ticks_before.swap(ticks, Ordering::Relaxed);
        self.ticks_last_second.store(ticks.saturating_sub(before), Ordering::Relaxed);
        let snapshots = status.snapshots.load(Ordering::Relaxed);
        let advanced = snapshots > self.snapshots_before.swap(snapshots, Ordering::Relaxed);
        if advanced || status.connected.load(Ordering::Relaxed) == 0 {
            self.silence_s.store(0, Ordering::Relaxed);
        } else {
            self.silence_s.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ticks in the last second.
    pub fn ticks_last_second(&self) -> u64 {
        self.ticks_last_second.load(Ordering::Relaxed)
    }

    /// Whether ticks advance.
    pub fn is_ticking(&self) -> bool {
        self.ticks_last_second() > 0
    }

    /// Whether connected players are sent snapshots.
    pub fn is_sending_snapshots(&self) -> bool {
        self.silence_s.load(Ordering::Relaxed) < MAX_SILENCE_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_alone_do_not_make_it_well_while_somebody_plays() {
        let (liveness, status) = (Liveness::default(), HostStatus::default());
        assert!(liveness.is_ticking() && liveness.is_sending_snapshots(), "nobody has looked yet");
        let second = |snapshots: u64| {
            status.ticks.fetch_add(30, Ordering::Relaxed);
            status.snapshots.fetch_add(snapshots, Ordering::Relaxed);
            liveness.check(&status);
        };
        (0..2 * MAX_SILENCE_S).for_each(|_| second(0));
        assert!(liveness.is_ticking() && liveness.is_sending_snapshots(), "nobody is there to be shown anything");
        status.connected.store(1, Ordering::Relaxed);
        (0..MAX_SILENCE_S - 1).for_each(|_| second(0));
        assert!(liveness.is_sending_snapshots());
        second(0);
        assert!(liveness.is_ticking() && !liveness.is_sending_snapshots());
        second(30);
        assert!(liveness.is_sending_snapshots());
        liveness.check(&status);
        assert!(!liveness.is_ticking());
    }
}
