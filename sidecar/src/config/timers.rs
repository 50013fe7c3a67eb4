//! The timers of the locks as settings, in seconds.

use std::time::Duration;

use crate::lock::Timers;
use crate::lock::timers::RENEW_EVERY;

/// Flags and environment variables of [`Timers`].
#[derive(Debug, Clone, clap::Args)]
pub struct TimerSettings {
    /// How long an account's lock waits from a log-in to its gateway socket
    #[arg(long, env = "LOGIN_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub login_timeout_s: Duration,
    /// How long a character's lock waits for its player to come to the map server; longer than a ticket lives (30)
    #[arg(long, env = "ARRIVAL_TIMEOUT_S", default_value = "40", value_parser = seconds)]
    pub arrival_timeout_s: Duration,
    /// How long a sidecar may be silent before what it held is released
    #[arg(long, env = "REPLICA_RECONNECT_S", default_value = "30", value_parser = renewed_seconds)]
    pub replica_reconnect_s: Duration,
    /// How long a sidecar that came back has to reclaim the accounts it held
    #[arg(long, env = "REPLICA_RECLAIM_S", default_value = "30", value_parser = seconds)]
    pub replica_reclaim_s: Duration,
    /// How long a map server may be silent before what it held is released; the map servers' OFFLINE_PLAY_MAX_S
    #[arg(long, env = "MAP_RECONNECT_S", default_value = "600", value_parser = renewed_seconds)]
    pub map_reconnect_s: Duration,
    /// How long a map server that came back has to reclaim the characters it held
    #[arg(long, env = "MAP_RECLAIM_S", default_value = "30", value_parser = seconds)]
    pub map_reclaim_s: Duration,
    /// How long a gateway may hold a character's lock while it brings it into a world
    #[arg(long, env = "PASSAGE_TIMEOUT_S", default_value = "15", value_parser = seconds)]
    pub passage_timeout_s: Duration,
    /// How long the older player may take to leave when the same account comes in anew; then it is shut out
    #[arg(long, env = "HANDOVER_WAIT_S", default_value = "5", value_parser = seconds)]
    pub handover_wait_s: Duration,
    /// After all sidecars were away: how long owners have to come back before deadlines count again
    #[arg(long, env = "OUTAGE_GRACE_S", default_value = "30", value_parser = seconds)]
    pub outage_grace_s: Duration,
}

impl TimerSettings {
    /// The timers.
    pub fn timers(&self) -> Timers {
        Timers {
            log_in: self.login_timeout_s,
            arrival: self.arrival_timeout_s,
            replica_reconnect: self.replica_reconnect_s,
            replica_reclaim: self.replica_reclaim_s,
            map_reconnect: self.map_reconnect_s,
            map_reclaim: self.map_reclaim_s,
            passage: self.passage_timeout_s,
            handover_wait: self.handover_wait_s,
            outage_grace: self.outage_grace_s,
        }
    }
}

impl Default for TimerSettings {
    fn default() -> Self {
        let timers = Timers::default();
        Self {
            login_timeout_s: timers.log_in,
            arrival_timeout_s: timers.arrival,
            replica_reconnect_s: timers.replica_reconnect,
            replica_reclaim_s: timers.replica_reclaim,
            map_reconnect_s: timers.map_reconnect,
            map_reclaim_s: timers.map_reclaim,
            passage_timeout_s: timers.passage,
            handover_wait_s: timers.handover_wait,
            outage_grace_s: timers.outage_grace,
        }
    }
}

/// One second to one day.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("takes whole seconds, 1 to 86400".to_owned()),
    }
}

/// The same of what is renewed every few seconds: a shorter time would end locks of servers that are there.
fn renewed_seconds(text: &str) -> Result<Duration, String> {
    let least = RENEW_EVERY * 2;
    match seconds(text) {
        Ok(time) if time >= least => Ok(time),
        _ => Err(format!("takes whole seconds, {} to 86400", least.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        timers: TimerSettings,
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_the_machine() {
        assert_eq!(Line::parse_from(["x"]).timers.timers(), Timers::default());
    }

    #[test]
    fn a_timer_has_at_least_a_second() {
        assert!(Line::try_parse_from(["x", "--map-reclaim-s", "0"]).is_err());
        let timers = Line::parse_from(["x", "--map-reclaim-s", "7"]).timers.timers();
        assert_eq!(timers.map_reclaim, Duration::from_secs(7));
    }

    #[test]
    fn who_is_heard_of_every_five_seconds_has_time_to_be() {
        for flag in ["--replica-reconnect-s", "--map-reconnect-s"] {
            assert!(Line::try_parse_from(["x", flag, "9"]).is_err(), "{flag}");
            assert!(Line::try_parse_from(["x", flag, "10"]).is_ok(), "{flag}");
        }
    }
}
