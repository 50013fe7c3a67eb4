//! Picks up things from the ground.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::ids::{EventKey, Tick};
use realmgate_protocol::link::{GoldAccount, Owner};
use realmgate_protocol::realm::{ClientMessage, Refusal};

use super::claim::Claims;
use super::{Goods, OnGround};
use crate::data::Data;
use crate::inventory::{Deal, Ledger};
use crate::requests::Request;
use crate::tell::Tell;

/// Handles pick-up requests. A thing is claimed until the store has answered, so the second of two players who pick up
/// the same thing is refused.
pub(super) fn pick_up(
    mut requests: MessageReader<Request>,
    (ids, map, clock, data): (Res<NetEntities>, Res<ChannelMap>, Res<TickClock>, Res<Data>),
    bodies: Query<&At>,
    mut things: Query<&mut OnGround>,
    mut claims: ResMut<Claims>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message } in requests.read() {
        let ClientMessage::PickUp { entity } = message else { continue };
        let Ok(from) = bodies.get(*player) else { continue };
        let thing = ids.get(*entity);
        let found = thing.and_then(|thing| Some((thing, bodies.get(thing).ok()?, things.get_mut(thing).ok()?)));
        let answer = match found {
            None => Err(Refusal::NotFound),
            Some((_, at, _)) if !from.0.within(at.0, data.world.goods.pick_up_range_tiles.units()) => {
                Err(Refusal::OutOfRange)
            }
            Some((_, at, _)) if !map.grid.line_of_sight(from.0, at.0) => Err(Refusal::NoLineOfSight),
            Some((entity, _, mut thing)) => {
                let taken = take(*player, &mut thing, clock.now(), &mut ledger);
                taken.map(|key| claims.picked_up(key, entity))
            }
        };
        if let Err(refusal) = answer {
            tell.refuse(*player, message.name(), refusal);
        }
    }
}

fn take(player: Entity, thing: &mut OnGround, now: Tick, ledger: &mut Ledger<'_, '_>) -> Result<EventKey, Refusal> {
    if thing.spoken_for {
        return Err(Refusal::ItemBusy);
    }
    let (known, inventory) = ledger.owner(player).ok_or(Refusal::NotFound)?;
    let character = known.character;
    if now < thing.owned_until && !thing.owners.is_empty() && !thing.owners.contains(&character) {
        return Err(Refusal::NotYours);
    }
    let mut deal = Deal::new("pick_up").asked_by(player, "PickUp");
    match &thing.goods {
        Goods::Item { item, definition } => {
            let slot = inventory.free_bag_slots().next().ok_or(Refusal::BagFull)?;
            deal.hand_over(*item, definition, Owner::Ground, Owner::Character { character, slot });
        }
        Goods::Gold(amount) => deal.pay(GoldAccount::Ground, GoldAccount::Character { character }, *amount),
    }
    let key = ledger.submit(deal)?;
    thing.spoken_for = true;
    Ok(key)
}
