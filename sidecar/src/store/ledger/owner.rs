//! Owners as the ledger writes them: the same text for who has items and who has gold.

use std::fmt;

use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::link::{GoldAccount, Owner};

/// Who has items or gold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum LedgerOwner<'a> {
    /// A character: its inventory, its purse.
    Character(CharacterId),
    /// The ground of a map server.
    Ground(&'a ServerId),
    /// A vendor: its shelf, its till.
    Vendor(&'a str),
    /// Where gold comes from and goes to.
    World,
}

impl<'a> LedgerOwner<'a> {
    /// The character that this text means, if it means one.
    pub(super) fn character_of(text: &str) -> Option<CharacterId> {
        text.strip_prefix("character:")?.parse().ok()
    }

    /// Who has an item, as a map server says.
    pub(super) fn of_item(owner: &'a Owner, server: &'a ServerId) -> Self {
        match owner {
            Owner::Character { character, .. } => Self::Character(*character),
            Owner::Ground => Self::Ground(server),
            Owner::Vendor { vendor } => Self::Vendor(vendor),
        }
    }

    /// Who has gold, as a map server says.
    pub(super) fn of_gold(account: &'a GoldAccount, server: &'a ServerId) -> Self {
        match account {
            GoldAccount::Character { character } => Self::Character(*character),
            GoldAccount::Ground => Self::Ground(server),
            GoldAccount::Vendor { vendor } => Self::Vendor(vendor),
            GoldAccount::World => Self::World,
        }
    }
}

impl fmt::Display for LedgerOwner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(f, "character:{character}"),
            Self::Ground(server) => write!(f, "ground:{server}"),
            Self::Vendor(vendor) => write!(f, "vendor:{vendor}"),
            Self::World => f.write_str("world"),
        }
    }
}
