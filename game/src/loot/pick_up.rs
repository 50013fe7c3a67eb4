//! Picks up things from the ground.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::ids::{EventKey, Tick};
use realmgate_protocol::link::{GoldAccount, Owner};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal};

use super::claim::Claims;
use super::{Goods, OnGround};
use crate::data::Data;
use crate::inventory::{Deal, Ledger};
use crate::requests::Request;
use crate::tell::Tell;

/// What players can reach from where they stand.
#[derive(SystemParam)]
pub(super) struct Reach<'w, 's> {
    ids: Res<'w, NetEntities>,
    map: Res<'w, ChannelMap>,
    data: Res<'w, Data>,
    bodies: Query<'w, 's, &'static At>,
}

impl Reach<'_, '_> {
    fn check(&self, from: Position, thing: Entity) -> Result<(), Refusal> {
        let Ok(At(to)) = self.bodies.get(thing) else { return Err(Refusal::NotFound) };
        if !from.within(*to, self.data.world.goods.pick_up_range_tiles.units()) {
            return Err(Refusal::OutOfRange);
        }
        if self.map.grid.line_of_sight(from, *to) { Ok(()) } else { Err(Refusal::NoLineOfSight) }
    }
}

/// Handles pick-up requests. A thing is claimed until the store has answered, so the second of two players who pick up
/// the same thing is refused.
pub(super) fn pick_up(
    mut requests: PopulatedMessageReader<Request>,
    reach: Reach<'_, '_>,
    clock: Res<TickClock>,
    mut things: Query<&mut OnGround>,
    mut claims: ResMut<Claims>,
    mut ledger: Ledger<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let ClientMessage::PickUp { entity } = request.message else { continue };
        let Ok(At(from)) = reach.bodies.get(request.player) else { continue };
        let found = reach.ids.get(entity).and_then(|entity| Some((entity, things.get_mut(entity).ok()?)));
        let answer = found.ok_or(Refusal::NotFound).and_then(|(entity, mut thing)| {
            reach.check(*from, entity)?;
            let key = take(request, &mut thing, clock.now(), &mut ledger)?;
            claims.picked_up(key, entity);
            Ok(())
        });
        if let Err(refusal) = answer {
            tell.refuse(request.player, request, refusal);
        }
    }
}

fn take(request: &Request, thing: &mut OnGround, now: Tick, ledger: &mut Ledger<'_, '_>) -> Result<EventKey, Refusal> {
    if thing.spoken_for {
        return Err(Refusal::ItemBusy);
    }
    let (known, inventory) = ledger.owner(request.player).ok_or(Refusal::NotFound)?;
    let character = known.character;
    if now < thing.owned_until && !thing.owners.is_empty() && !thing.owners.contains(&character) {
        return Err(Refusal::NotYours);
    }
    let mut deal = Deal::new("pick_up").asked_by(request);
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
