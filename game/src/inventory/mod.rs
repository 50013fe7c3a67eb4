//! The items and gold of players, as the store has them.
//!
//! An [`Inventory`] changes in one place only: when the store has committed an event ([`settle`]). Until then
//! everything the event needs is held: its items are busy, its gold cannot be spent again, its slots cannot be filled.

mod deal;
mod ledger;
mod settle;
mod starter;

pub use deal::Deal;
pub use ledger::{Ledger, Pending, not_submitted};
pub use settle::Settled;
pub use starter::{AwaitsKit, StarterKit, StarterKits};

use std::collections::{BTreeMap, BTreeSet};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::player::PlayerJoined;
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::realm::ItemView;

use crate::data::{Data, FIRST_WORN_SLOT};
use crate::requests::RequestSet;

/// Slots from here on exist only between two changes of one event: two items that swap slots pass through them, since
/// each change must find its slot free.
pub const FIRST_PASSING_SLOT: u16 = 1_000;

/// An item in an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Item id of the game data. The current data may no longer have it.
    pub definition: String,
    /// Bag slot from 0, or worn slot from [`FIRST_WORN_SLOT`].
    pub slot: u16,
}

/// The items and gold of a player.
#[derive(Component, Debug, Default)]
pub struct Inventory {
    items: BTreeMap<ItemId, Held>,
    gold: u64,
    held_gold: u64,
    held_slots: BTreeSet<u16>,
    offered_items: BTreeSet<ItemId>,
    offered_gold: u64,
    bag_slots: u16,
}

impl Inventory {
    /// The items, by id.
    pub fn items(&self) -> impl Iterator<Item = (ItemId, &Held)> {
        self.items.iter().map(|(item, held)| (*item, held))
    }

    /// An item, if this player owns it.
    pub fn get(&self, item: ItemId) -> Option<&Held> {
        self.items.get(&item)
    }

    /// The item in a slot.
    pub fn in_slot(&self, slot: u16) -> Option<(ItemId, &Held)> {
        self.items().find(|(_, held)| held.slot == slot)
    }

    /// The items that are worn.
    pub fn worn(&self) -> impl Iterator<Item = (ItemId, &Held)> {
        self.items().filter(|(_, held)| held.is_worn())
    }

    /// All gold, as the store has it.
    pub fn gold(&self) -> u64 {
        self.gold
    }

    /// The gold that no pending deal and no trade offer needs.
    pub fn free_gold(&self) -> u64 {
        self.gold.saturating_sub(self.held_gold).saturating_sub(self.offered_gold)
    }

    /// Whether a pending deal will fill a slot.
    pub fn is_slot_held(&self, slot: u16) -> bool {
        self.held_slots.contains(&slot)
    }

    /// Whether an item is offered in a trade.
    pub fn is_set_aside(&self, item: ItemId) -> bool {
        self.offered_items.contains(&item)
    }

    fn set_aside(&mut self, items: BTreeSet<ItemId>, gold: u64) {
        (self.offered_items, self.offered_gold) = (items, gold);
    }

    /// The size of the bag, in items.
    pub fn bag_slots(&self) -> u16 {
        self.bag_slots
    }

    /// The bag slots that are empty and that no pending deal will fill, lowest first.
    pub fn free_bag_slots(&self) -> impl Iterator<Item = u16> {
        (0..self.bag_slots).filter(|slot| !self.held_slots.contains(slot) && self.in_slot(*slot).is_none())
    }

    /// The items as they are sent to clients.
    pub fn views(&self) -> Vec<ItemView> {
        self.items().map(|(item, held)| held.view(item)).collect()
    }
}

impl Held {
    /// Whether it is worn rather than carried.
    pub fn is_worn(&self) -> bool {
        self.slot >= FIRST_WORN_SLOT
    }

    /// The item as it is sent to clients.
    pub fn view(&self, item: ItemId) -> ItemView {
        ItemView { item, definition: self.definition.clone(), slot: self.slot }
    }
}

/// Adds inventories.
pub struct InventoryPlugin;

impl Plugin for InventoryPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pending>().init_resource::<StarterKits>().add_message::<Settled>().add_systems(
            TickSchedule,
            (open_inventories, starter::give_starter_kits, settle::settle, starter::end_waits)
                .chain()
                .in_set(RequestSet::Settle),
        );
    }
}

fn open_inventories(mut joined: PopulatedMessageReader<PlayerJoined>, mut commands: Commands, data: Res<Data>) {
    for PlayerJoined { player, load } in joined.read() {
        let held = |definition: &String, slot| Held { definition: definition.clone(), slot };
        commands.entity(*player).insert(Inventory {
            items: load.items.iter().map(|record| (record.item, held(&record.definition, record.slot))).collect(),
            gold: load.gold,
            bag_slots: data.world.goods.bag_slots,
            ..Inventory::default()
        });
    }
}
