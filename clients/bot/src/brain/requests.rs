//! Requests about possessions, one at a time, so that a change from the server belongs to the pending request.

use std::time::Duration;

use realmgate_protocol::realm::{ClientMessage, EntityKind, ServerMessage};

/// After this a request counts as unanswered, unless the server says that the store is away.
const FORGET_AFTER: Duration = Duration::from_secs(20);

/// The request that waits for its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingRequest {
    /// The request.
    pub ask: ClientMessage,
    /// For a pick-up, the kind of the entity on the ground.
    pub kind: Option<EntityKind>,
    since: Duration,
}

/// A bot's requests: at most one of them waits for its answer.
#[derive(Debug, Default)]
pub struct Requests {
    pending: Option<PendingRequest>,
    /// Whether the store is away or changes still wait for it: then there is no time limit for answers.
    store_lags: bool,
}

impl Requests {
    /// The request that waits.
    pub fn pending(&self) -> Option<&PendingRequest> {
        self.pending.as_ref()
    }

    /// Whether another request may be made. Forgets a pending request that took too long.
    pub fn is_idle(&mut self, now: Duration) -> bool {
        if !self.store_lags && self.pending.as_ref().is_some_and(|pending| now - pending.since > FORGET_AFTER) {
            self.pending = None;
        }
        self.pending.is_none()
    }

    /// Makes a request. The caller has checked that none is pending.
    pub fn ask(&mut self, ask: ClientMessage, kind: Option<EntityKind>, now: Duration, asks: &mut Vec<ClientMessage>) {
        self.pending = Some(PendingRequest { ask: ask.clone(), kind, since: now });
        asks.push(ask);
    }

    /// Closes the request if this is its answer. Returns whether loot was picked up.
    pub fn hear(&mut self, message: &ServerMessage) -> bool {
        if let ServerMessage::Store { away, pending } = message {
            self.store_lags = *away || *pending > 0;
        }
        let Some(pending) = &self.pending else { return false };
        let done = match (&pending.ask, message) {
            (ask, ServerMessage::Refused { request, .. }) => {
                if request == ask.name() {
                    self.pending = None;
                }
                return false;
            }
            (ClientMessage::PickUp { .. }, ServerMessage::Gold { .. }) => pending.kind == Some(EntityKind::GroundGold),
            (ClientMessage::PickUp { .. }, ServerMessage::ItemPlaced { .. }) => {
                pending.kind == Some(EntityKind::GroundItem)
            }
            (
                ClientMessage::Equip { item } | ClientMessage::Unequip { item },
                ServerMessage::ItemPlaced { item: told },
            ) => *item == told.item,
            (
                ClientMessage::UseItem { item }
                | ClientMessage::DropItem { item }
                | ClientMessage::VendorSell { item, .. },
                ServerMessage::ItemGone { item: told },
            ) => item == told,
            (ClientMessage::VendorBuy { definition, .. }, ServerMessage::ItemPlaced { item }) => {
                *definition == item.definition
            }
            (ClientMessage::VendorList { .. }, ServerMessage::VendorStock { .. }) => true,
            _ => false,
        };
        let looted = done && matches!(pending.ask, ClientMessage::PickUp { .. });
        if done {
            self.pending = None;
        }
        looted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::ids::{EntityId, ItemId};
    use realmgate_protocol::realm::{Answers, ItemView, Refusal};

    fn placed() -> ServerMessage {
        ServerMessage::ItemPlaced { item: ItemView { item: ItemId([1; 16]), definition: "stick".to_owned(), slot: 0 } }
    }

    fn requests_after_pick_up(kind: EntityKind) -> Requests {
        let mut requests = Requests::default();
        let mut asks = Vec::new();
        assert!(requests.is_idle(Duration::ZERO));
        requests.ask(ClientMessage::PickUp { entity: EntityId(3) }, Some(kind), Duration::ZERO, &mut asks);
        assert_eq!(asks.len(), 1);
        assert!(!requests.is_idle(Duration::from_secs(1)));
        requests
    }

    #[test]
    fn loot_is_what_lay_there() {
        let (gold, item) = (EntityKind::GroundGold, EntityKind::GroundItem);
        let paid = || ServerMessage::Gold { total: 5 };
        let answers = [(item, placed(), true), (item, paid(), false), (gold, paid(), true), (gold, placed(), false)];
        for (kind, told, is_loot) in answers {
            let mut requests = requests_after_pick_up(kind);
            assert_eq!(requests.hear(&told), is_loot, "{told:?}");
            assert_eq!(requests.pending().is_none(), is_loot, "anything else is no answer");
        }
    }

    #[test]
    fn a_refusal_closes_its_own_request_only() {
        let mut requests = requests_after_pick_up(EntityKind::GroundItem);
        let answers = Answers::Message { id: 0 };
        let refused =
            |request: &str| ServerMessage::Refused { request: request.to_owned(), answers, reason: Refusal::NotYours };
        assert!(!requests.hear(&refused("Chat")));
        assert!(requests.pending().is_some());
        assert!(!requests.hear(&refused("PickUp")));
        assert!(requests.pending().is_none());
        assert!(!requests.hear(&placed()), "an item that was not asked for is no loot");
    }

    #[test]
    fn an_answer_that_never_comes_is_forgotten() {
        let mut requests = requests_after_pick_up(EntityKind::GroundItem);
        assert!(!requests.is_idle(FORGET_AFTER));
        assert!(requests.is_idle(FORGET_AFTER + Duration::from_millis(1)));
        assert_eq!(requests.pending(), None);
    }

    #[test]
    fn while_the_store_is_away_and_until_all_is_settled_an_answer_is_waited_for() {
        let late = FORGET_AFTER + Duration::from_secs(1);
        let mut requests = requests_after_pick_up(EntityKind::GroundItem);
        for (away, pending) in [(true, 0), (true, 1), (false, 1)] {
            requests.hear(&ServerMessage::Store { away, pending });
            assert!(!requests.is_idle(late));
        }
        requests.hear(&ServerMessage::Store { away: false, pending: 0 });
        assert!(requests.is_idle(late));
    }
}
