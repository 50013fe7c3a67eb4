//! Equips and unequips items.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::link::Owner;
use realmgate_protocol::realm::{ClientMessage, Refusal};

use crate::data::{Data, GameData};
use crate::inventory::{Deal, FIRST_PASSING_SLOT, Ledger};
use crate::requests::Request;
use crate::stats::Character;
use crate::tell::Tell;

pub(super) fn wear(
    mut requests: PopulatedMessageReader<Request>,
    data: Res<Data>,
    characters: Query<&Character>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Ok(character) = characters.get(request.player) else { continue };
        let answer = match request.message {
            ClientMessage::Equip { item } => put_on(request, item, character, &data, &mut ledger),
            ClientMessage::Unequip { item } => take_off(request, item, &mut ledger),
            _ => continue,
        };
        if let Err(refusal) = answer {
            tell.refuse(request.player, request, refusal);
        }
    }
}

/// Equips a carried item. The item worn there before takes its place in the bag, so this works with a full bag too. On
/// its way it passes through a slot outside of the inventory, since each change of an event must find its slot free.
fn put_on(
    request: &Request,
    item: ItemId,
    wearer: &Character,
    data: &GameData,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Refusal> {
    let player = request.player;
    let (character, held) = ledger.free_item(player, item)?;
    let definition = data.items.find(&held.definition).and_then(|item| data.items.get(item));
    let definition = definition.ok_or(Refusal::NotUsable)?;
    let worn = definition.worn_slot.ok_or(Refusal::NotUsable)?.number();
    if !definition.allows(wearer.class, wearer.level) {
        return Err(Refusal::NotAllowed);
    }
    if held.is_worn() {
        return Err(Refusal::NotUsable);
    }
    let (_, inventory) = ledger.owner(player).ok_or(Refusal::NotFound)?;
    if inventory.is_slot_held(worn) {
        return Err(Refusal::ItemBusy);
    }
    let slot = |slot| Owner::Character { character, slot };
    let worn_before = inventory.in_slot(worn).map(|(item, held)| (item, held.clone()));
    let mut deal = Deal::new("equip").asked_by(request);
    if let Some((before, known)) = &worn_before {
        ledger.free_item(player, *before)?;
        deal.hand_over(*before, &known.definition, slot(worn), slot(FIRST_PASSING_SLOT));
    }
    deal.hand_over(item, &held.definition, slot(held.slot), slot(worn));
    if let Some((before, known)) = &worn_before {
        deal.hand_over(*before, &known.definition, slot(FIRST_PASSING_SLOT), slot(held.slot));
    }
    ledger.submit(deal).map(|_| ())
}

fn take_off(request: &Request, item: ItemId, ledger: &mut Ledger<'_, '_>) -> Result<(), Refusal> {
    let player = request.player;
    let (character, held) = ledger.free_item(player, item)?;
    if !held.is_worn() {
        return Err(Refusal::NotUsable);
    }
    let (_, inventory) = ledger.owner(player).ok_or(Refusal::NotFound)?;
    let free = inventory.free_bag_slots().next().ok_or(Refusal::BagFull)?;
    let mut deal = Deal::new("unequip").asked_by(request);
    let slot = |slot| Owner::Character { character, slot };
    deal.hand_over(item, &held.definition, slot(held.slot), slot(free));
    ledger.submit(deal).map(|_| ())
}
