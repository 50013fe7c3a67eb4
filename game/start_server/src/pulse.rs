//! Whether the map server does its work: ticks advance, and those who play are sent what they see.

use std::sync::atomic::{AtomicU64, Ordering};

use realmgate_engine::host::HostStatus;

/// Seconds without a snapshot for players who are connected, after which the server counts as ill.
const MAX_SILENCE_S: u64 = 5;

/// What was found at the last look; somebody looks every second.
#[derive(Debug)]
pub struct Pulse {
    /// Ticks in the last second; 1 in the first, when nobody has looked yet.
    ticks_last_second: AtomicU64,
    /// For how many seconds nobody was sent a snapshot while somebody should have been.
    silence_s: AtomicU64,
    ticks_before: AtomicU64,
    snapshots_before: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        let none = AtomicU64::default;
        Self { ticks_last_second: 1.into(), silence_s: none(), ticks_before: none(), snapshots_before: none() }
    }
}

impl Pulse {
    /// Looks, once a second.
    pub fn look(&self, status: &HostStatus) {
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

    /// Whether those who play are sent snapshots.
    pub fn is_showing(&self) -> bool {
        self.silence_s.load(Ordering::Relaxed) < MAX_SILENCE_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_alone_do_not_make_it_well_while_somebody_plays() {
        let (pulse, status) = (Pulse::default(), HostStatus::default());
        assert!(pulse.is_ticking() && pulse.is_showing(), "nobody has looked yet");
        let second = |snapshots: u64| {
            status.ticks.fetch_add(30, Ordering::Relaxed);
            status.snapshots.fetch_add(snapshots, Ordering::Relaxed);
            pulse.look(&status);
        };
        (0..2 * MAX_SILENCE_S).for_each(|_| second(0));
        assert!(pulse.is_ticking() && pulse.is_showing(), "nobody is there to be shown anything");
        status.connected.store(1, Ordering::Relaxed);
        (0..MAX_SILENCE_S - 1).for_each(|_| second(0));
        assert!(pulse.is_showing());
        second(0);
        assert!(pulse.is_ticking() && !pulse.is_showing());
        second(30);
        assert!(pulse.is_showing());
        pulse.look(&status);
        assert!(!pulse.is_ticking());
    }
}
