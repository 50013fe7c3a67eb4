//! How long each hand-over may take. Deadlines are kept in database time, beside the lock that they are of, so that any
//! replica can fire them.
//!
//! A timer never decides whether a write is safe, the epoch does; it decides when somebody else may try.

use std::time::Duration;

/// Every timer of the locks. The first six are those of the field's classical design; the others are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// From a log-in to the gateway: how long an account lock waits in hand-over.
    pub log_in: Duration,
    /// From the gateway to the map server: how long a character may be expected before it has entered.
    pub arrival: Duration,
    /// How long a replica may be silent before its server lock is released.
    pub replica_reconnect: Duration,
    /// How long a replica that came back has to reclaim each account lock.
    pub replica_reclaim: Duration,
    /// How long a map server may be silent before its server lock is released.
    pub map_reconnect: Duration,
    /// How long a map server that came back has to reclaim each character lock.
    pub map_reclaim: Duration,
    /// How long a gateway may hold a character lock while it brings the character from nowhere, or from one map server,
    /// to another.
    pub passage: Duration,
    /// How long an older owner may take to let go when a newer log-in wants in; then it is fenced.
    pub handover_wait: Duration,
    /// After nobody has fired timers for a while: how long owners have to come back before a deadline that passed
    /// meanwhile counts.
    pub outage_grace: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            log_in: seconds(30),
            // A ticket lives 30 s; the map server says itself that nobody came, this is for when it can not.
            arrival: seconds(40),
            replica_reconnect: seconds(30),
            replica_reclaim: seconds(30),
            map_reconnect: seconds(600),
            map_reclaim: seconds(30),
            passage: seconds(15),
            handover_wait: seconds(5),
            outage_grace: seconds(30),
        }
    }
}

/// How often a replica fires what is due.
pub const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// With nobody having fired timers for this long, there was an outage of the whole sidecar.
pub const OUTAGE_AFTER: Duration = Duration::from_secs(5);
/// How often replicas and map servers renew their server locks.
pub const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How long the id of a server that is not heard of is still its own.
pub const ID_HELD: Duration = Duration::from_secs(30);

/// A time from now.
pub fn deadline(now_ms: u64, after: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX))
}

/// Whether a deadline has passed.
pub fn is_due(deadline_ms: Option<u64>, now_ms: u64) -> bool {
    deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms)
}

/// The earliest moment at which a deadline may count, when timers were last fired at `swept_ms`: `None` where somebody
/// was awake all the time, so that every deadline counts as it stands.
pub fn grace_after_outage(swept_ms: u64, now_ms: u64, timers: &Timers) -> Option<u64> {
    let asleep = now_ms.saturating_sub(swept_ms);
    (u128::from(asleep) > OUTAGE_AFTER.as_millis()).then(|| deadline(now_ms, timers.outage_grace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_gives_grace_and_a_busy_replica_gives_none() {
        let timers = Timers::default();
        assert_eq!(grace_after_outage(10_000, 10_500, &timers), None);
        assert_eq!(grace_after_outage(10_000, 15_000, &timers), None);
        assert_eq!(grace_after_outage(10_000, 15_001, &timers), Some(45_001));
        assert_eq!(grace_after_outage(10_000, 9_000, &timers), None, "a clock set back is no outage");
    }

    #[test]
    fn a_deadline_counts_from_its_very_moment() {
        assert!(!is_due(None, u64::MAX));
        assert!(!is_due(Some(5), 4));
        assert!(is_due(Some(5), 5));
    }
}
