//! The settings of the community's services.

use std::time::Duration;

use clap::ArgAction;
use clap::builder::{BoolishValueParser, RangedI64ValueParser};

use crate::field_limits::FieldLimits;

/// How long a client of the realtime socket may say nothing.
const REALTIME_IDLE: Duration = Duration::from_secs(60);
/// How long a client may have no socket: a page that is loaded again opens the next one within it.
const LOG_OUT_GRACE: Duration = Duration::from_secs(5);
/// Longest that what has changed is kept back.
const LONGEST_DEBOUNCE_MS: i64 = 10_000;

/// What operators set of the community's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct CommunitySettings {
    /// Whether a device's id alone may create an account and log in
    #[arg(long, env = "DEVICE_LOGIN", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub device_login: bool,
    /// Days of inactivity after which guests without a character, friend, record or stored value are deleted; 0 for never
    #[arg(long, env = "FORGET_GUESTS_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=3_650))]
    pub forget_guests_days: u32,
    /// Whether an administrator has to activate new accounts
    #[arg(long, env = "REQUIRE_ACTIVATION", default_value_t = false, action = ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub require_activation: bool,
    /// Whether anyone may look up users by name and id
    #[arg(long, env = "LIST_USERS", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_users: bool,
    /// Whether anyone may read leaderboards; players can always read their own records
    #[arg(long, env = "LIST_LEADERBOARDS", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_leaderboards: bool,
    /// Whether anyone may list lobbies; players can always read a lobby by its id
    #[arg(long, env = "LIST_LOBBIES", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_lobbies: bool,
    /// Whether anyone may read the API description at /api/openapi and /api/docs
    #[arg(long, env = "PUBLISH_OPENAPI", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub publish_openapi: bool,
    /// Minimum interval between two updates of an account or lobby on a realtime socket, in ms; 0 for one per change
    #[arg(long, env = "REALTIME_DEBOUNCE_MS", default_value_t = 250, value_parser = debounce_ms())]
    pub realtime_debounce_ms: u32,
    /// Whether a login ends when its client closes the last of its gateway and realtime sockets
    #[arg(long, env = "LOG_OUT_ON_SOCKET_CLOSE", default_value_t = false, action = ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub log_out_on_socket_close: bool,
    /// How long, how large and how many what players write may be.
    #[command(flatten)]
    pub limits: FieldLimits,
    /// How long a realtime socket may say nothing. No setting of operators: clients count on it.
    #[arg(skip = REALTIME_IDLE)]
    pub realtime_idle: Duration,
    /// How long a client has to open another socket before the closing of the last one is its log-out.
    #[arg(skip = LOG_OUT_GRACE)]
    pub log_out_grace: Duration,
}

impl CommunitySettings {
    /// How long guests that have nothing are kept after they were last here; `None` for ever.
    pub(crate) fn guests_stay(&self) -> Option<Duration> {
        (self.forget_guests_days > 0).then(|| Duration::from_secs(24 * 3_600) * self.forget_guests_days)
    }
}

fn debounce_ms() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=LONGEST_DEBOUNCE_MS)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        settings: CommunitySettings,
    }

    #[test]
    fn guests_are_kept_for_a_week_or_as_the_operator_says() {
        let stay = |args: &[&str]| {
            Arguments::parse_from(std::iter::once("sidecar").chain(args.iter().copied())).settings.guests_stay()
        };
        assert_eq!(stay(&[]), Some(Duration::from_secs(7 * 24 * 3_600)));
        assert_eq!(stay(&["--forget-guests-days", "30"]), Some(Duration::from_secs(30 * 24 * 3_600)));
        assert_eq!(stay(&["--forget-guests-days", "0"]), None, "for ever");
    }
}
