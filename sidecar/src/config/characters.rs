//! Limits on what players may do with their characters.

use std::time::Duration;

use realmgate_platform::config::{at_least_one, defaults};

/// Flags and environment variables of [`CharacterRules`].
#[derive(Debug, Clone, clap::Args)]
pub struct CharacterSettings {
    /// Characters that an account may create within 24 hours
    #[arg(long, env = "CHARACTER_CREATIONS_PER_DAY", default_value_t = 24, value_parser = at_least_one())]
    pub character_creations_per_day: u32,
    /// Hours until a deleted character is removed; until then its player can restore it. 0 removes it at once
    #[arg(long, env = "CHARACTER_DELETION_GRACE_H", default_value_t = 24, value_parser = hours())]
    pub character_deletion_grace_h: u32,
    /// Hours between two renames of a character
    #[arg(long, env = "CHARACTER_RENAME_WAIT_H", default_value_t = 24, value_parser = hours())]
    pub character_rename_wait_h: u32,
}

/// Limits on what players may do with their characters.
#[derive(Debug, Clone, Copy)]
pub struct CharacterRules {
    /// Characters that an account may create within 24 hours.
    pub creations_per_day: u32,
    /// How long a deletion can be undone; zero deletes at once.
    pub deletion_grace: Duration,
    /// How long a character has to wait between two renames.
    pub rename_wait: Duration,
}

impl CharacterSettings {
    /// Converts the settings to [`CharacterRules`].
    pub fn rules(&self) -> CharacterRules {
        let hours = |count: u32| Duration::from_secs(u64::from(count) * 60 * 60);
        CharacterRules {
            creations_per_day: self.character_creations_per_day,
            deletion_grace: hours(self.character_deletion_grace_h),
            rename_wait: hours(self.character_rename_wait_h),
        }
    }
}

impl Default for CharacterSettings {
    fn default() -> Self {
        defaults()
    }
}

/// Parses a number of hours, at most a year.
fn hours() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(..=365 * 24)
}
