//! `RealmVendor`: trade with vendors.

use godot::prelude::*;
use realmgate_protocol::realm::{ClientMessage, ServerMessage, SoldItem, VendorItem};

use crate::bag::whole;
use crate::client::entity;
use crate::error::RealmError;
use crate::requests::{Asks, Requests};

/// Trade with vendors: [member RealmClient.vendor]. What the server refuses comes by [signal refused].
#[derive(GodotClass)]
#[class(tool, init, base=RefCounted)]
pub struct RealmVendor {
    requests: Requests,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmVendor {
    /// What a vendor sells, and what it pays for what the player carries: prices in gold by the ids of kinds of items.
    #[signal]
    pub fn stock_listed(vendor: i64, sells: VarDictionary, buys: VarDictionary);
    /// What the player has sold to a vendor and can buy back, the newest first: dictionaries of `item_id`, `definition`
    /// and `price`. It comes after [signal stock_listed].
    #[signal]
    pub fn sold_listed(vendor: i64, sold: Array<VarDictionary>);
    /// The server has refused a request that a method of this made, or it could not be sent. It is told here alone.
    #[signal]
    pub fn refused(error: Gd<RealmError>);

    /// Asks a vendor in reach for its stock: [signal stock_listed].
    #[func]
    fn list_stock(&self, vendor_id: i64) {
        self.requests.ask(ClientMessage::VendorList { vendor: entity(vendor_id) });
    }

    /// Buys one item at the price that was listed; at any other it is refused.
    #[func]
    fn buy(&self, vendor_id: i64, definition: StringName, price: i64) {
        match u64::try_from(price) {
            Ok(price) => {
                let (vendor, definition) = (entity(vendor_id), definition.to_string());
                self.requests.ask(ClientMessage::VendorBuy { vendor, definition, price });
            }
            Err(_) => self.requests.misused("VendorBuy", &format!("{price} is not a price")),
        }
    }

    /// Sells a carried item.
    #[func]
    fn sell(&self, vendor_id: i64, item_id: GString) {
        match item_id.to_string().parse() {
            Ok(item) => self.requests.ask(ClientMessage::VendorSell { vendor: entity(vendor_id), item }),
            Err(_) => self.requests.misused("VendorSell", &format!("{item_id} is not an item id")),
        }
    }

    /// Buys back an item that the player has sold, at the price that was listed: [signal sold_listed].
    #[func]
    fn buy_back(&self, vendor_id: i64, item_id: GString, price: i64) {
        match (item_id.to_string().parse(), u64::try_from(price)) {
            (Ok(item), Ok(price)) => {
                self.requests.ask(ClientMessage::VendorBuyBack { vendor: entity(vendor_id), item, price });
            }
            (Err(_), _) => self.requests.misused("VendorBuyBack", &format!("{item_id} is not an item id")),
            (_, Err(_)) => self.requests.misused("VendorBuyBack", &format!("{price} is not a price")),
        }
    }
}

impl Asks for RealmVendor {
    fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>) {
        part.signals().refused().emit(error);
    }
}

impl RealmVendor {
    /// Tells what concerns it of a message.
    pub fn hear(vendor: &Gd<Self>, message: &ServerMessage) {
        if let ServerMessage::VendorStock { vendor: entity, sells, buys, sold } = message {
            let id = i64::from(entity.0);
            vendor.signals().stock_listed().emit(id, &prices(sells), &prices(buys));
            vendor.signals().sold_listed().emit(id, &sales(sold));
        }
    }
}

fn prices(items: &[VendorItem]) -> VarDictionary {
    items.iter().map(|item| (item.definition.to_variant(), whole(item.price).to_variant())).collect()
}

fn sales(items: &[SoldItem]) -> Array<VarDictionary> {
    let sale = |SoldItem { item, definition, price }: &SoldItem| -> VarDictionary {
        let entries = [
            ("item_id", item.to_string().to_variant()),
            ("definition", definition.to_variant()),
            ("price", whole(*price).to_variant()),
        ];
        entries.into_iter().map(|(name, value)| (name.to_variant(), value)).collect()
    };
    items.iter().map(sale).collect()
}
