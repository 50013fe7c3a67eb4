//! What a bot does with its items: it equips what fits an empty slot, uses consumables, and drops what is too much.

use std::collections::BTreeSet;
use std::time::Duration;

use realmgate_client::session::{FIRST_WORN_SLOT, Possessions, Session};
use realmgate_protocol::realm::{ClientMessage, ItemView, ServerMessage};

use super::requests::{PendingRequest, Requests};
use super::senses::{Me, Senses};

/// Below this health a bot uses a consumable.
const USE_BELOW_PERCENT: u32 = 60;
const USE_EVERY: Duration = Duration::from_secs(5);

/// What a bot has learnt about its items.
#[derive(Debug, Default)]
pub struct Bag {
    /// Ids of the items that could not be worn.
    unwearable: BTreeSet<String>,
    next_use: Duration,
}

impl Bag {
    /// Learns from refusals.
    pub fn hear(&mut self, message: &ServerMessage, pending: Option<&PendingRequest>, now: Duration) {
        let (ServerMessage::Refused { request, .. }, Some(pending)) = (message, pending) else { return };
        match &pending.ask {
            ClientMessage::Equip { item } if request == "Equip" => {
                self.unwearable.insert(item.to_string());
            }
            ClientMessage::UseItem { .. } if request == "UseItem" => self.next_use = now + USE_EVERY * 4,
            _ => {}
        }
    }

    /// Makes at most one request.
    pub fn step(
        &mut self,
        senses: &Senses<'_>,
        me: &Me<'_>,
        is_reckless: bool,
        requests: &mut Requests,
        asks: &mut Vec<ClientMessage>,
    ) {
        if !requests.is_idle(senses.now) {
            return;
        }
        let possessions = &senses.session.possessions;
        if let Some(item) = self.to_use(senses, me).filter(|_| !is_reckless) {
            self.next_use = senses.now + USE_EVERY;
            requests.ask(ClientMessage::UseItem { item: item.item }, None, senses.now, asks);
        } else if let Some(item) = possessions.bag().find(|item| self.is_to_wear(senses.session, item)) {
            requests.ask(ClientMessage::Equip { item: item.item }, None, senses.now, asks);
        } else if possessions.is_bag_full()
            && senses.points_of_interest.vendors.is_empty()
            && let Some(item) = spare(senses.session)
        {
            requests.ask(ClientMessage::DropItem { item: item.item }, None, senses.now, asks);
        }
    }

    fn to_use<'a>(&self, senses: &Senses<'a>, me: &Me<'_>) -> Option<&'a ItemView> {
        if me.health_percent() >= USE_BELOW_PERCENT || senses.now < self.next_use {
            return None;
        }
        let session = senses.session;
        session
            .possessions
            .bag()
            .find(|item| session.content.item(&item.definition).is_some_and(|info| info.consumable.is_some()))
    }

    fn is_to_wear(&self, session: &Session, item: &ItemView) -> bool {
        worn_slot(session, item).is_some_and(|slot| session.possessions.worn(slot).is_none())
            && !self.unwearable.contains(&item.item.to_string())
    }
}

/// The worn slot that an item fits, in the numbering of item views. `None` if it cannot be worn.
fn worn_slot(session: &Session, item: &ItemView) -> Option<u16> {
    let slot = session.content.item(&item.definition)?.worn_slot?;
    Some(if slot < FIRST_WORN_SLOT { slot + FIRST_WORN_SLOT } else { slot })
}

/// An item in the bag that the bot can spare: not a consumable, and either not wearable or its worn slot is taken.
pub fn spare(session: &Session) -> Option<&ItemView> {
    session.possessions.bag().find(|item| is_spare(session, &session.possessions, item))
}

fn is_spare(session: &Session, possessions: &Possessions, item: &ItemView) -> bool {
    let usable = session.content.item(&item.definition).is_some_and(|info| info.consumable.is_some());
    let taken = worn_slot(session, item).is_none_or(|slot| possessions.worn(slot).is_some());
    !usable && taken
}
