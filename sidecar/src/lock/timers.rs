//! How long each hand-over may take. Deadlines are kept in database time, beside the lock that they belong to, so that
//! any replica can fire them.
//!
//! A timer never decides whether a write is safe: the epoch does. A timer decides when somebody else may try.

use std::sync::LazyLock;
use std::time::Duration;

use realmgate_platform::config::defaults;

/// Every timer of the locks, with its setting. The first six are those of the field's classical design; the others are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct Timers {
    /// How long an account's lock waits for a gateway socket after a login, a refresh or the end of a socket
    #[arg(value_name = "SECONDS", long = "login-timeout-s", env = "LOGIN_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub log_in: Duration,
    /// How long a character's lock waits for its player to reach the map server; longer than a ticket's lifetime (30)
    // The map server itself reports that nobody came; this is for when it cannot.
    #[arg(value_name = "SECONDS", long = "arrival-timeout-s", env = "ARRIVAL_TIMEOUT_S", default_value = "40", value_parser = seconds)]
    pub arrival: Duration,
    /// How long a sidecar may be unreachable before its locks are released
    #[arg(value_name = "SECONDS", long = "replica-reconnect-s", env = "REPLICA_RECONNECT_S", default_value = "30", value_parser = renewed_seconds)]
    pub replica_reconnect: Duration,
    /// How long a returning sidecar has to reclaim its locks
    #[arg(value_name = "SECONDS", long = "replica-reclaim-s", env = "REPLICA_RECLAIM_S", default_value = "30", value_parser = seconds)]
    pub replica_reclaim: Duration,
    /// How long a map server may be unreachable before its locks are released; set it to their OFFLINE_PLAY_MAX_S
    #[arg(value_name = "SECONDS", long = "map-reconnect-s", env = "MAP_RECONNECT_S", default_value = "600", value_parser = renewed_seconds)]
    pub map_reconnect: Duration,
    /// How long a returning map server has to reclaim its locks
    #[arg(value_name = "SECONDS", long = "map-reclaim-s", env = "MAP_RECLAIM_S", default_value = "30", value_parser = seconds)]
    pub map_reclaim: Duration,
    /// How long a gateway may hold a character's lock while it brings it into a world
    #[arg(value_name = "SECONDS", long = "passage-timeout-s", env = "PASSAGE_TIMEOUT_S", default_value = "15", value_parser = seconds)]
    pub passage: Duration,
    /// How long the older player of an account may take to leave when the account enters again; then it is removed
    #[arg(value_name = "SECONDS", long = "handover-wait-s", env = "HANDOVER_WAIT_S", default_value = "5", value_parser = seconds)]
    pub handover_wait: Duration,
    /// How long a body in combat keeps a newer login or a logout waiting; then it is removed
    #[arg(value_name = "SECONDS", long = "linger-max-s", env = "LINGER_MAX_S", default_value = "60", value_parser = seconds)]
    pub linger_max: Duration,
    /// After all sidecars were unavailable: how long owners have to come back before deadlines count again
    #[arg(value_name = "SECONDS", long = "outage-grace-s", env = "OUTAGE_GRACE_S", default_value = "30", value_parser = seconds)]
    pub outage_grace: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        // The model asks for them at every step.
        static DEFAULTS: LazyLock<Timers> = LazyLock::new(defaults);
        *DEFAULTS
    }
}

/// Parses whole seconds, from one second to one day.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("expected whole seconds from 1 to 86400".to_owned()),
    }
}

/// As `seconds`, for locks that are renewed every few seconds: a shorter time would end locks of live servers.
fn renewed_seconds(text: &str) -> Result<Duration, String> {
    let least = RENEW_EVERY * 2;
    match seconds(text) {
        Ok(time) if time >= least => Ok(time),
        _ => Err(format!("expected whole seconds from {} to 86400", least.as_secs())),
    }
}

/// How often a replica fires what is due.
pub const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// If nobody has fired timers for this long, there was an outage of all sidecars.
pub const OUTAGE_AFTER: Duration = Duration::from_secs(5);
/// The heartbeat: how often replicas and map servers renew their server locks.
pub const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A replica that was not heard of for this long, which is two renewals and what they may be late, is taken for gone by
/// a process that shows the same cookie.
pub const SILENT_AFTER: Duration = Duration::from_secs(12);
/// How long a server that is not heard of keeps its id.
pub const ID_HELD: Duration = Duration::from_secs(30);

/// A deadline in Unix milliseconds, `after` from now.
pub fn deadline(now_ms: u64, after: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX))
}

/// Whether a deadline has passed.
pub fn is_due(deadline_ms: Option<u64>, now_ms: u64) -> bool {
    deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms)
}

/// If timers were fired since then, in Unix milliseconds, there was no outage.
pub fn no_outage_since(now_ms: u64) -> u64 {
    now_ms.saturating_sub(OUTAGE_AFTER.as_millis() as u64)
}

/// The earliest time at which a deadline may count, in Unix milliseconds, when timers were last fired at `swept_ms`.
/// `None` if there was no outage, so every deadline counts as it stands.
pub fn grace_after_outage(swept_ms: u64, now_ms: u64, timers: &Timers) -> Option<u64> {
    (swept_ms < no_outage_since(now_ms)).then(|| deadline(now_ms, timers.outage_grace))
}

#[cfg(test)]
impl Timers {
    /// For tests: no two are alike, nor like a time that is not settable, so that one taken for another shows.
    pub(crate) fn all_different() -> Self {
        let seconds = Duration::from_secs;
        Self {
            log_in: seconds(28),
            arrival: seconds(40),
            replica_reconnect: seconds(25),
            replica_reclaim: seconds(20),
            map_reconnect: seconds(600),
            map_reclaim: seconds(35),
            passage: seconds(15),
            handover_wait: seconds(6),
            linger_max: seconds(60),
            outage_grace: seconds(45),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        timers: Timers,
    }

    fn parse(flag: &str, seconds: &str) -> Result<Timers, ErrorKind> {
        Line::try_parse_from(["x", flag, seconds]).map(|line| line.timers).map_err(|error| error.kind())
    }

    #[test]
    fn a_timer_has_at_least_a_second() {
        let (timers, second) = (Timers::default(), Duration::from_secs(1));
        for (flag, shortest) in [
            ("--login-timeout-s", Timers { log_in: second, ..timers }),
            ("--arrival-timeout-s", Timers { arrival: second, ..timers }),
            ("--replica-reclaim-s", Timers { replica_reclaim: second, ..timers }),
            ("--map-reclaim-s", Timers { map_reclaim: second, ..timers }),
            ("--passage-timeout-s", Timers { passage: second, ..timers }),
            ("--handover-wait-s", Timers { handover_wait: second, ..timers }),
            ("--linger-max-s", Timers { linger_max: second, ..timers }),
            ("--outage-grace-s", Timers { outage_grace: second, ..timers }),
        ] {
            assert_eq!(parse(flag, "0"), Err(ErrorKind::ValueValidation), "{flag}");
            assert_eq!(parse(flag, "0.5"), Err(ErrorKind::ValueValidation), "{flag}");
            assert_eq!(parse(flag, "1"), Ok(shortest), "{flag}");
        }
    }

    #[test]
    fn who_is_heard_of_every_five_seconds_has_time_to_be() {
        let (timers, least) = (Timers::default(), Duration::from_secs(10));
        for (flag, shortest) in [
            ("--replica-reconnect-s", Timers { replica_reconnect: least, ..timers }),
            ("--map-reconnect-s", Timers { map_reconnect: least, ..timers }),
        ] {
            assert_eq!(parse(flag, "9"), Err(ErrorKind::ValueValidation), "{flag}");
            assert_eq!(parse(flag, "10"), Ok(shortest), "{flag}");
        }
    }

    #[test]
    fn an_outage_gives_grace_and_a_busy_replica_gives_none() {
        let timers = Timers::all_different();
        assert_eq!(grace_after_outage(10_000, 10_500, &timers), None);
        assert_eq!(grace_after_outage(10_000, 15_000, &timers), None);
        assert_eq!(grace_after_outage(10_000, 15_001, &timers), Some(60_001));
        assert_eq!(grace_after_outage(10_000, 9_000, &timers), None, "a clock set back is no outage");
    }

    #[test]
    fn a_deadline_counts_from_its_very_moment() {
        assert!(!is_due(None, u64::MAX));
        assert!(!is_due(Some(5), 4));
        assert!(is_due(Some(5), 5));
        assert!(is_due(Some(5), 6), "and from then on");
    }
}
