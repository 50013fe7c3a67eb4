//! Listing, buying and selling at vendors.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::At;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::ids::{CharacterId, EntityId, ItemId};
use realmgate_protocol::link::{GoldAccount, Owner};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, SoldItem, VendorItem};

use super::Shop;
use super::sales::{PendingSales, Sale, Sales};
use crate::data::{Data, GameData, Vendor};
use crate::inventory::{Deal, Inventory, Ledger};
use crate::requests::Request;
use crate::tell::Tell;

/// A vendor in range of a customer.
struct Counter<'a> {
    entity: EntityId,
    id: &'a str,
    vendor: &'a Vendor,
}

pub(super) fn do_business(
    mut requests: PopulatedMessageReader<Request>,
    data: Res<Data>,
    shops: Shops<'_, '_>,
    customers: Query<(&At, &Sales)>,
    mut pending: ResMut<PendingSales>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let (ClientMessage::VendorList { vendor }
        | ClientMessage::VendorBuy { vendor, .. }
        | ClientMessage::VendorSell { vendor, .. }
        | ClientMessage::VendorBuyBack { vendor, .. }) = message
        else {
            continue;
        };
        let Ok((from, sales)) = customers.get(*player) else { continue };
        let answer = shops.step_up(from, *vendor, &data).and_then(|counter| match message {
            ClientMessage::VendorBuy { definition, price, .. } => {
                buy(request, &counter, definition, *price, &mut ledger)
            }
            ClientMessage::VendorSell { item, .. } => sell(request, &counter, *item, &data, &mut ledger, &mut pending),
            ClientMessage::VendorBuyBack { item, price, .. } => {
                let sold = sales.to(counter.id).find(|sold| sold.item == *item).ok_or(Refusal::NotFound)?;
                buy_back(request, &counter, sold, *price, &mut ledger, &mut pending)
            }
            _ => {
                let (_, inventory) = ledger.owner(*player).ok_or(Refusal::NotFound)?;
                tell.send(*player, &stock(&counter, inventory, sales, &data));
                Ok(())
            }
        });
        if let Err(refusal) = answer {
            tell.refuse(*player, request, refusal);
        }
    }
}

/// The vendors of the map.
#[derive(SystemParam)]
pub(super) struct Shops<'w, 's> {
    ids: Res<'w, NetEntities>,
    shops: Query<'w, 's, (&'static Shop, &'static At)>,
}

impl Shops<'_, '_> {
    fn step_up<'a>(&self, from: &At, entity: EntityId, data: &'a GameData) -> Result<Counter<'a>, Refusal> {
        let shop = self.ids.get(entity).and_then(|shop| self.shops.get(shop).ok());
        let (shop, at) = shop.ok_or(Refusal::NotFound)?;
        let vendor = data.vendors.get(shop.vendor).ok_or(Refusal::NotFound)?;
        if !from.0.within(at.0, data.world.goods.vendor_range_tiles.units()) {
            return Err(Refusal::OutOfRange);
        }
        Ok(Counter { entity, id: data.vendors.id(shop.vendor), vendor })
    }
}

/// The gold a vendor pays for an item; 0 if it does not buy it.
fn pays(vendor: &Vendor, definition: &str, data: &GameData) -> u64 {
    let item = data.items.find(definition).and_then(|item| data.items.get(item));
    item.map_or(0, |item| vendor.pays(item))
}

fn stock(counter: &Counter<'_>, inventory: &Inventory, sales: &Sales, data: &GameData) -> ServerMessage {
    let sells = counter.vendor.sells.iter();
    let sells = sells.map(|offer| VendorItem { definition: offer.item.id().to_owned(), price: offer.price });
    let mut carried: Vec<&str> =
        inventory.items().filter(|(_, held)| !held.is_worn()).map(|(_, held)| held.definition.as_str()).collect();
    carried.sort_unstable();
    carried.dedup();
    let buys =
        carried.into_iter().map(|id| VendorItem { definition: id.to_owned(), price: pays(counter.vendor, id, data) });
    ServerMessage::VendorStock {
        vendor: counter.entity,
        sells: sells.collect(),
        buys: buys.filter(|bought| bought.price > 0).collect(),
        sold: sales.to(counter.id).cloned().collect(),
    }
}

fn buy(
    request: &Request,
    counter: &Counter<'_>,
    definition: &str,
    price: u64,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Refusal> {
    let offer = counter.vendor.sells.iter().find(|offer| offer.item.id() == definition).ok_or(Refusal::NotFound)?;
    if offer.price != price {
        return Err(Refusal::WrongPrice);
    }
    let (character, slot) = room_for(request.player, price, ledger)?;
    let mut deal = Deal::new("vendor_buy").asked_by(request);
    deal.pay(GoldAccount::Character { character }, GoldAccount::Vendor { vendor: counter.id.to_owned() }, price);
    deal.create(ledger.new_item(), definition, Owner::Character { character, slot });
    ledger.submit(deal).map(|_| ())
}

fn sell(
    request: &Request,
    counter: &Counter<'_>,
    item: ItemId,
    data: &GameData,
    ledger: &mut Ledger<'_, '_>,
    pending: &mut PendingSales,
) -> Result<(), Refusal> {
    let (character, held) = ledger.free_item(request.player, item)?;
    let price = pays(counter.vendor, &held.definition, data);
    // Worn items must be unequipped first, so that they are not sold by mistake.
    if price == 0 || held.is_worn() {
        return Err(Refusal::NotAllowed);
    }
    let vendor = counter.id.to_owned();
    let mut deal = Deal::new("vendor_sell").asked_by(request);
    let from = Owner::Character { character, slot: held.slot };
    deal.hand_over(item, &held.definition, from, Owner::Vendor { vendor: vendor.clone() });
    deal.pay(GoldAccount::Vendor { vendor: vendor.clone() }, GoldAccount::Character { character }, price);
    let key = ledger.submit(deal)?;
    let sold = SoldItem { item, definition: held.definition, price };
    pending.sell(key, request.player, Sale { vendor, sold });
    Ok(())
}

/// Undoes a sale: the same item for the same price.
fn buy_back(
    request: &Request,
    counter: &Counter<'_>,
    sold: &SoldItem,
    price: u64,
    ledger: &mut Ledger<'_, '_>,
    pending: &mut PendingSales,
) -> Result<(), Refusal> {
    if sold.price != price {
        return Err(Refusal::WrongPrice);
    }
    let (character, slot) = room_for(request.player, price, ledger)?;
    let vendor = counter.id.to_owned();
    let mut deal = Deal::new("vendor_buy_back").asked_by(request);
    let to = Owner::Character { character, slot };
    deal.pay(GoldAccount::Character { character }, GoldAccount::Vendor { vendor: vendor.clone() }, price);
    deal.hand_over(sold.item, &sold.definition, Owner::Vendor { vendor }, to);
    let key = ledger.submit(deal)?;
    pending.buy_back(key, request.player, sold.item);
    Ok(())
}

/// The customer's character, and the bag slot for what it buys, if it has the gold.
fn room_for(player: Entity, price: u64, ledger: &Ledger<'_, '_>) -> Result<(CharacterId, u16), Refusal> {
    let (known, inventory) = ledger.owner(player).ok_or(Refusal::NotFound)?;
    if inventory.free_gold() < price {
        return Err(Refusal::TooLittleGold);
    }
    let slot = inventory.free_bag_slots().next().ok_or(Refusal::BagFull)?;
    Ok((known.character, slot))
}
