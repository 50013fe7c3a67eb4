//! Who somebody is, as a provider says.

use serde::{Deserialize, Serialize};

/// Where players have accounts already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Google, or another that speaks OpenID Connect.
    Google,
    /// Discord.
    Discord,
    /// Apple.
    Apple,
    /// Facebook.
    Facebook,
    /// Steam.
    Steam,
}

/// Somebody's account at a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider's id of the account; it never changes.
    pub subject: String,
    /// The account's address.
    pub address: Option<Address>,
    /// What the account is called; may be empty.
    pub name: String,
    /// Where its picture is; may be empty.
    pub picture: String,
}

/// An address of a mailbox, as a provider has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub text: String,
    /// Whether the provider says that it is the account's.
    pub is_verified: bool,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Google, Self::Discord, Self::Apple, Self::Facebook, Self::Steam];

    /// As in paths, settings and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Discord => "discord",
            Self::Apple => "apple",
            Self::Facebook => "facebook",
            Self::Steam => "steam",
        }
    }

    /// The field of an account that this provider's id is called by.
    pub const fn id_field(self) -> &'static str {
        match self {
            Self::Google => "google_id",
            Self::Discord => "discord_id",
            Self::Apple => "apple_id",
            Self::Facebook => "facebook_id",
            Self::Steam => "steam_id",
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Discord => "Discord",
            Self::Apple => "Apple",
            Self::Facebook => "Facebook",
            Self::Steam => "Steam",
        }
    }

    /// The provider of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}
