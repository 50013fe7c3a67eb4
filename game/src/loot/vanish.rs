//! Removes loot that nobody picks up, through the store.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_protocol::link::{GoldAccount, Owner};

use super::claim::Claims;
use super::{Goods, OnGround};
use crate::inventory::{Deal, Ledger};

/// Milliseconds between two checks.
const LOOK_MS: u32 = 1_000;

/// Asks the store to remove things whose time is over. If the store is busy, the next check tries again.
pub(super) fn vanish(
    clock: Res<TickClock>,
    mut things: Query<(Entity, &mut OnGround)>,
    mut claims: ResMut<Claims>,
    mut ledger: Ledger<'_, '_>,
) {
    if !clock.every(clock.ticks(LOOK_MS), 0) {
        return;
    }
    for (entity, mut thing) in &mut things {
        if clock.now() < thing.vanishes_at || thing.spoken_for {
            continue;
        }
        let mut deal = Deal::new("vanish");
        match &thing.goods {
            Goods::Item { item, .. } => deal.destroy(*item, Owner::Ground),
            Goods::Gold(amount) => deal.pay(GoldAccount::Ground, GoldAccount::World, *amount),
        }
        if let Ok(key) = ledger.submit(deal) {
            thing.spoken_for = true;
            claims.vanishes(key, entity);
        }
    }
}
