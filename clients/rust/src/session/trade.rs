//! The player's trade, as the server last sent it.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::{OfferView, ServerMessage};

/// The current state of a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The other player's entity.
    pub with: EntityId,
    /// Incremented with every change of an offer.
    pub revision: u32,
    /// The player's own offer.
    pub mine: OfferView,
    /// The other player's offer.
    pub theirs: OfferView,
}

impl Trade {
    /// The trade after a message, if there is one then.
    pub(super) fn after(before: Option<Self>, message: &ServerMessage) -> Option<Self> {
        match message {
            ServerMessage::TradeState { with, revision, mine, theirs } => {
                Some(Self { with: *with, revision: *revision, mine: mine.clone(), theirs: theirs.clone() })
            }
            ServerMessage::TradeEnded { .. } => None,
            _ => before,
        }
    }
}
