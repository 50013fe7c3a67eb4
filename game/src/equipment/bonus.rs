//! The bonuses of worn items.

use bevy_ecs::prelude::*;

use crate::data::{Bonuses, Data, GameData};
use crate::inventory::Inventory;
use crate::stats::EquipmentBonus;

/// Adds up the bonuses of worn items for every inventory that has changed.
pub(super) fn add_up(data: Res<Data>, mut wearers: Query<(&Inventory, &mut EquipmentBonus), Changed<Inventory>>) {
    for (inventory, mut bonus) in &mut wearers {
        bonus.set_if_neq(EquipmentBonus(of_worn(inventory, &data)));
    }
}

/// Adds up the bonuses of everybody's worn items by new data.
pub(crate) fn reload(world: &mut World) {
    let data = world.resource::<Data>().clone();
    for (inventory, mut bonus) in world.query::<(&Inventory, &mut EquipmentBonus)>().iter_mut(world) {
        bonus.set_if_neq(EquipmentBonus(of_worn(inventory, &data)));
    }
}

fn of_worn(inventory: &Inventory, data: &GameData) -> Bonuses {
    let mut sum = Bonuses::default();
    for (_, held) in inventory.worn() {
        let item = data.items.find(&held.definition).and_then(|item| data.items.get(item));
        if let Some(item) = item.filter(|item| item.worn_slot.is_some_and(|slot| slot.number() == held.slot)) {
            sum += item.bonuses;
        }
    }
    sum
}
