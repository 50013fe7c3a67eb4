//! What players have sold lately, so that they can buy it back.

use std::collections::{BTreeMap, VecDeque};

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EventKey, ItemId};
use realmgate_protocol::realm::SoldItem;

use crate::inventory::Settled;

/// How many sales of a player can be undone. The oldest is forgotten.
const MOST_SALES: usize = 8;

/// The sales of a player on this channel that can be undone, the newest first.
#[derive(Component, Debug, Clone, Default)]
pub(super) struct Sales(VecDeque<Sale>);

/// An item that a vendor has bought of a player.
#[derive(Debug, Clone)]
pub(super) struct Sale {
    /// The vendor's id in the game data.
    pub vendor: String,
    pub sold: SoldItem,
}

impl Sales {
    /// What was sold to a vendor, the newest first.
    pub fn to(&self, vendor: &str) -> impl Iterator<Item = &SoldItem> {
        self.0.iter().filter(move |sale| sale.vendor == vendor).map(|sale| &sale.sold)
    }

    fn add(&mut self, sale: Sale) {
        self.0.push_front(sale);
        self.0.truncate(MOST_SALES);
    }

    fn remove(&mut self, item: ItemId) {
        self.0.retain(|sale| sale.sold.item != item);
    }
}

/// Deals at the store that change the sales of a player once they are durable.
#[derive(Resource, Debug, Default)]
pub(super) struct PendingSales(BTreeMap<EventKey, (Entity, Outcome)>);

#[derive(Debug)]
enum Outcome {
    Sold(Sale),
    BoughtBack(ItemId),
}

impl PendingSales {
    pub fn sell(&mut self, key: EventKey, player: Entity, sale: Sale) {
        self.0.insert(key, (player, Outcome::Sold(sale)));
    }

    pub fn buy_back(&mut self, key: EventKey, player: Entity, item: ItemId) {
        self.0.insert(key, (player, Outcome::BoughtBack(item)));
    }
}

/// Records sales that the store has committed. A player who has left meanwhile has no sales any more.
pub(super) fn record(
    mut settled: PopulatedMessageReader<Settled>,
    mut pending: ResMut<PendingSales>,
    mut players: Query<&mut Sales>,
) {
    for outcome in settled.read() {
        let Some((player, change)) = pending.0.remove(&outcome.key) else { continue };
        let Ok(mut sales) = players.get_mut(player) else { continue };
        match change {
            _ if outcome.refusal.is_some() => {}
            Outcome::Sold(sale) => sales.add(sale),
            Outcome::BoughtBack(item) => sales.remove(item),
        }
    }
}
