//! `RealmTrade`: trade with another player.

use godot::prelude::*;
use realmgate_client::session::{Content, Trade};
use realmgate_protocol::realm::{ClientMessage, OfferView, ServerMessage, TradeEnd};

use crate::bag::whole;
use crate::client::entity;
use crate::data::RealmItem;
use crate::error::RealmError;
use crate::requests::{Asks, Requests};

/// Trade with another player: [member RealmClient.trade]. Both offer, both confirm what they see, and then both have it.
#[derive(GodotClass)]
#[class(tool, init, base=RefCounted)]
pub struct RealmTrade {
    /// The other player's entity; 0 for no trade.
    #[var(no_set)]
    with_entity: i64,
    /// The player's own offered items.
    #[var(no_set)]
    my_items: Array<Gd<RealmItem>>,
    /// The player's own offered gold.
    #[var(no_set)]
    my_gold: i64,
    /// Whether the player has confirmed what is offered now.
    #[var(no_set)]
    have_confirmed: bool,
    /// The other player's offered items.
    #[var(no_set)]
    their_items: Array<Gd<RealmItem>>,
    /// The other player's offered gold.
    #[var(no_set)]
    their_gold: i64,
    /// Whether the other player has confirmed what is offered now.
    #[var(no_set)]
    they_have_confirmed: bool,
    revision: u32,
    requests: Requests,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmTrade {
    /// A player asks to trade: [method answer] answers.
    #[signal]
    pub fn requested(entity: i64, player_name: GString);
    /// The trade has begun, or an offer or a confirmation has changed.
    #[signal]
    pub fn changed();
    /// The trade is over: [code]done[/code], [code]cancelled[/code], [code]declined[/code], [code]apart[/code] or
    /// [code]failed[/code].
    #[signal]
    pub fn ended(how: StringName);
    /// The server has refused a request that a method of this made, or it could not be sent. It is told here alone.
    #[signal]
    pub fn refused(error: Gd<RealmError>);

    /// Asks a player in reach to trade.
    #[func]
    fn request(&self, entity_id: i64) {
        self.requests.ask(ClientMessage::TradeRequest { with: entity(entity_id) });
    }

    /// Answers the last request.
    #[func]
    fn answer(&self, accept: bool) {
        self.requests.ask(ClientMessage::TradeAnswer { accept });
    }

    /// Offers these items, by their ids, and gold, in place of what was offered before.
    #[func]
    fn offer(&self, item_ids: PackedStringArray, gold: i64) {
        let items: Result<Vec<_>, _> = item_ids.as_slice().iter().map(|id| id.to_string().parse()).collect();
        match (items, u64::try_from(gold)) {
            (Ok(items), Ok(gold)) => self.requests.ask(ClientMessage::TradeOffer { items, gold }),
            (Err(_), _) => {
                self.requests.misused("TradeOffer", &format!("not all of {item_ids} are item ids"));
            }
            (_, Err(_)) => self.requests.misused("TradeOffer", &format!("cannot offer {gold} gold")),
        }
    }

    /// Confirms both offers as they are shown here now.
    #[func]
    fn confirm(&self) {
        self.requests.ask(ClientMessage::TradeConfirm { revision: self.revision });
    }

    /// Cancels the trade.
    #[func]
    fn cancel(&self) {
        self.requests.ask(ClientMessage::TradeCancel);
    }
}

impl Asks for RealmTrade {
    fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>) {
        part.signals().refused().emit(error);
    }
}

impl RealmTrade {
    /// Shows the trade as it is now.
    pub fn take(trade: &Gd<Self>, now: Option<&Trade>, content: Option<&Content>) {
        let mut trade = trade.clone();
        {
            let mut this = trade.bind_mut();
            let none = OfferView { items: Vec::new(), gold: 0, confirmed: false };
            let (mine, theirs) = now.map_or((&none, &none), |now| (&now.mine, &now.theirs));
            let items = |offer: &OfferView| offer.items.iter().map(|item| RealmItem::of(item, content)).collect();
            this.with_entity = now.map_or(0, |now| now.with.0.into());
            this.revision = now.map_or(0, |now| now.revision);
            (this.my_items, this.my_gold, this.have_confirmed) = (items(mine), whole(mine.gold), mine.confirmed);
            (this.their_items, this.their_gold) = (items(theirs), whole(theirs.gold));
            this.they_have_confirmed = theirs.confirmed;
        }
        if now.is_some() {
            trade.signals().changed().emit();
        }
    }

    /// Tells what concerns it of a message.
    pub fn hear(trade: &Gd<Self>, message: &ServerMessage) {
        match message {
            ServerMessage::TradeRequested { from, name } => {
                trade.signals().requested().emit(i64::from(from.0), &GString::from(name.as_str()));
            }
            ServerMessage::TradeEnded { end } => {
                let how = match end {
                    TradeEnd::Done => "done",
                    TradeEnd::Cancelled => "cancelled",
                    TradeEnd::Declined => "declined",
                    TradeEnd::Apart => "apart",
                    TradeEnd::Failed => "failed",
                };
                trade.signals().ended().emit(&StringName::from(how));
            }
            _ => {}
        }
    }
}
