//! Party and trade, as the server last sent them.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::link::PartyMember;
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

/// The player's party and trade.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Social {
    /// The party's id; 0 for none.
    pub party: u64,
    /// Its members, the leader first; empty for none.
    pub members: Vec<PartyMember>,
    /// The current trade, if any.
    pub trade: Option<Trade>,
}

impl Social {
    pub(super) fn take(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Party { party, members } => {
                self.party = if members.is_empty() { 0 } else { *party };
                self.members.clone_from(members);
            }
            ServerMessage::TradeState { with, revision, mine, theirs } => {
                let (with, revision) = (*with, *revision);
                self.trade = Some(Trade { with, revision, mine: mine.clone(), theirs: theirs.clone() });
            }
            ServerMessage::TradeEnded { .. } => self.trade = None,
            _ => {}
        }
    }
}
