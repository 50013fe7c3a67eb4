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
    mut requests: MessageReader<Request>,
    bodies: Query<&At>,
    mut falling: ResMut<Falling>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message } in requests.read() {
        let ClientMessage::DropItem { item } = message else { continue };
        let Ok(at) = bodies.get(*player) else { continue };
        if let Err(refusal) = drop_item(*player, *item, at.0, &mut falling, &mut ledger) {
            tell.refuse(*player, message.name(), refusal);
        }
    }
}

/// Drops an item. On the ground it has no owner, so everybody may pick it up.
fn drop_item(
    player: Entity,
    item: ItemId,
    at: Position,
    falling: &mut Falling,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Refusal> {
    let (character, held) = ledger.free_item(player, item)?;
    let from = Owner::Character { character, slot: held.slot };
    let mut deal = Deal::new("drop").asked_by(player, "DropItem");
    deal.hand_over(item, &held.definition, from, Owner::Ground);
    let key = ledger.submit(deal)?;
    let goods = Goods::Item { item, definition: held.definition };
    falling.0.insert(key, vec![Fall { goods, at, owners: Vec::new() }]);
    Ok(())
}
