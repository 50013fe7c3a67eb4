//! The settings of the community's services.

use clap::ArgAction;
use clap::builder::BoolishValueParser;

/// What operators switch on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct CommunitySettings {
    /// Whether accounts may be made and logged in to by a device's id alone
    #[arg(long, env = "DEVICE_LOGIN", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub device_login: bool,
    /// Whether new accounts wait until an administrator activates them
    #[arg(long, env = "REQUIRE_ACTIVATION", default_value_t = false, action = ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub require_activation: bool,
    /// Whether anybody may look users up by name and id
    #[arg(long, env = "LIST_USERS", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_users: bool,
    /// Whether anybody may read leaderboards; players read their own records in any case
    #[arg(long, env = "LIST_LEADERBOARDS", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_leaderboards: bool,
    /// Whether anybody may list lobbies; players read those that they know the id of in any case
    #[arg(long, env = "LIST_LOBBIES", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub list_lobbies: bool,
    /// Whether anybody may read the description of the calls, at /api/openapi and /api/docs
    #[arg(long, env = "PUBLISH_OPENAPI", default_value_t = true, action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub publish_openapi: bool,
}
