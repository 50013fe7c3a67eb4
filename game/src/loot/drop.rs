//! Drops items to the ground.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::link::Owner;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal};

use super::Goods;
use super::fall::{Fall, Falling};
use crate::inventory::{Deal, Ledger};
use crate::requests::Request;
use crate::tell::Tell;

pub(super) fn drop_items(
    mut requests: PopulatedMessageReader<Request>,
    bodies: Query<&At>,
    mut falling: ResMut<Falling>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let ClientMessage::DropItem { item } = request.message else { continue };
        let Ok(at) = bodies.get(request.player) else { continue };
        if let Err(refusal) = drop_item(request, item, at.0, &mut falling, &mut ledger) {
            tell.refuse(request.player, request, refusal);
        }
    }
}

/// Drops an item. On the ground it has no owner, so everybody may pick it up.
fn drop_item(
    request: &Request,
    item: ItemId,
    position: Position,
    falling: &mut Falling,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Refusal> {
    let (character, held) = ledger.free_item(request.player, item)?;
    if held.is_worn() {
        return Err(Refusal::NotAllowed);
    }
    let from = Owner::Character { character, slot: held.slot };
    let mut deal = Deal::new("drop").asked_by(request);
    deal.hand_over(item, &held.definition, from, Owner::Ground);
    let key = ledger.submit(deal)?;
    let goods = Goods::Item { item, definition: held.definition };
    falling.0.insert(key, vec![Fall { goods, position, owners: Vec::new() }]);
    Ok(())
}
