//! How long, how large and how many what players and administrators write may be, as far as operators decide it.

use clap::builder::RangedI64ValueParser;
use realmgate_platform::accounts::NameLength;
use realmgate_platform::config::defaults;

/// Most friends that any operator allows an account.
pub(crate) const MOST_FRIENDS: u32 = 1_000;
/// Longest password of a lobby that any operator allows, in characters.
pub(crate) const LONGEST_LOBBY_PASSWORD: u32 = 1_024;
/// Longest slug that any operator allows, in characters.
pub(crate) const LONGEST_SLUG: u32 = 255;

/// Flags and environment variables of the limits. A limit that is made smaller leaves what is there as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct FieldLimits {
    /// Maximum size of the metadata of an account, lobby, leaderboard or record, in bytes of JSON
    #[arg(long = "limit-max-metadata-size", env = "LIMIT_MAX_METADATA_SIZE", default_value_t = 16_384,
        value_parser = from_to(2, 65_536))]
    pub max_metadata_size: u32,
    /// Maximum rows per page of a list
    #[arg(long = "limit-max-page-size", env = "LIMIT_MAX_PAGE_SIZE", default_value_t = 100, value_parser = from_to(1, 1_000))]
    pub max_page_size: u32,
    /// Maximum length of a display name, in characters
    #[arg(long = "limit-max-display-name", env = "LIMIT_MAX_DISPLAY_NAME", default_value_t = 80, value_parser = from_to(1, 255))]
    pub max_display_name: u32,
    /// Minimum length of a user name, in characters
    #[arg(long = "limit-min-username", env = "LIMIT_MIN_USERNAME", default_value_t = 3, value_parser = from_to(1, 8))]
    pub min_username: u32,
    /// Maximum length of a user name, in characters; generated names have up to 32
    #[arg(long = "limit-max-username", env = "LIMIT_MAX_USERNAME", default_value_t = 32, value_parser = from_to(32, 64))]
    pub max_username: u32,
    /// Maximum realtime sockets of an account at a sidecar
    #[arg(long = "limit-max-sockets-per-user", env = "LIMIT_MAX_SOCKETS_PER_USER", default_value_t = 20,
        value_parser = from_to(1, 1_000))]
    pub max_sockets_per_user: u32,
    /// Maximum length of an e-mail address, in characters
    #[arg(long = "limit-max-email", env = "LIMIT_MAX_EMAIL", default_value_t = 160, value_parser = from_to(16, 254))]
    pub max_email: u32,
    /// Maximum length of a picture's URL from a provider, in characters
    #[arg(long = "limit-max-profile-url", env = "LIMIT_MAX_PROFILE_URL", default_value_t = 512, value_parser = from_to(32, 2_048))]
    pub max_profile_url: u32,
    /// Maximum length of a device's id, in characters
    #[arg(long = "limit-max-device-id", env = "LIMIT_MAX_DEVICE_ID", default_value_t = 256, value_parser = from_to(32, 1_024))]
    pub max_device_id: u32,
    /// Maximum length of a lobby's title, in characters; generated titles have 22
    #[arg(long = "limit-max-lobby-title", env = "LIMIT_MAX_LOBBY_TITLE", default_value_t = 80, value_parser = from_to(22, 255))]
    pub max_lobby_title: u32,
    /// Maximum members of a lobby
    #[arg(long = "limit-max-lobby-users", env = "LIMIT_MAX_LOBBY_USERS", default_value_t = 128, value_parser = from_to(1, 512))]
    pub max_lobby_users: u32,
    /// Maximum length of a lobby's password, in characters
    #[arg(long = "limit-max-lobby-password", env = "LIMIT_MAX_LOBBY_PASSWORD", default_value_t = 128,
        value_parser = from_to(1, LONGEST_LOBBY_PASSWORD))]
    pub max_lobby_password: u32,
    /// Maximum friends of an account
    #[arg(long = "limit-max-friends-per-user", env = "LIMIT_MAX_FRIENDS_PER_USER", default_value_t = 500,
        value_parser = from_to(1, MOST_FRIENDS))]
    pub max_friends_per_user: u32,
    /// Maximum pending friend requests of an account
    #[arg(long = "limit-max-pending-friend-requests", env = "LIMIT_MAX_PENDING_FRIEND_REQUESTS", default_value_t = 100,
        value_parser = from_to(1, 1_000))]
    pub max_pending_friend_requests: u32,
    /// Maximum size of the arguments of a script's call, in bytes of JSON
    #[arg(long = "limit-max-hook-args-size", env = "LIMIT_MAX_HOOK_ARGS_SIZE", default_value_t = 65_536,
        value_parser = from_to(2, 524_288))]
    pub max_hook_args_size: u32,
    /// Maximum arguments of a script's call
    #[arg(long = "limit-max-hook-args-count", env = "LIMIT_MAX_HOOK_ARGS_COUNT", default_value_t = 32, value_parser = from_to(1, 255))]
    pub max_hook_args_count: u32,
    /// Maximum length of a leaderboard's title, in characters
    #[arg(long = "limit-max-leaderboard-title", env = "LIMIT_MAX_LEADERBOARD_TITLE", default_value_t = 255,
        value_parser = from_to(1, 1_000))]
    pub max_leaderboard_title: u32,
    /// Maximum length of a leaderboard's description, in characters
    #[arg(long = "limit-max-leaderboard-description", env = "LIMIT_MAX_LEADERBOARD_DESCRIPTION", default_value_t = 1_000,
        value_parser = from_to(1, 10_000))]
    pub max_leaderboard_description: u32,
    /// Maximum length of a leaderboard's slug, in characters
    #[arg(long = "limit-max-leaderboard-slug", env = "LIMIT_MAX_LEADERBOARD_SLUG", default_value_t = 100,
        value_parser = from_to(8, LONGEST_SLUG))]
    pub max_leaderboard_slug: u32,
}

impl Default for FieldLimits {
    fn default() -> Self {
        defaults()
    }
}

impl FieldLimits {
    /// Allowed lengths of a user name.
    pub(crate) fn username(&self) -> NameLength {
        NameLength { least: size(self.min_username), most: size(self.max_username) }
    }
}

/// A limit as lengths are compared with it.
pub(crate) fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn from_to(least: u32, most: u32) -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(least)..=i64::from(most))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        limits: FieldLimits,
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_name() {
        for (flag, bad) in [
            ("--limit-max-metadata-size", ["1", "65537"]),
            ("--limit-max-username", ["31", "65"]),
            ("--limit-max-lobby-title", ["21", "256"]),
            ("--limit-max-lobby-users", ["0", "many"]),
        ] {
            for value in bad {
                let Err(error) = Cli::try_parse_from(["x", flag, value]) else { panic!("{flag} {value} is taken") };
                let said = error.to_string();
                assert!(said.contains(flag) && said.contains(value), "{said}");
            }
        }
        let limits = Cli::parse_from(["x", "--limit-max-username", "64", "--limit-min-username", "1"]).limits;
        assert_eq!(limits.username(), NameLength { least: 1, most: 64 });
        assert_eq!(Cli::parse_from(["x"]).limits, FieldLimits::default());
    }
}
