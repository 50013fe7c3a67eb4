//! The bonuses of worn items.

use bevy_ecs::prelude::*;

use crate::data::{Bonuses, Data};
use crate::inventory::Inventory;
use crate::stats::EquipmentBonus;

/// Adds up the bonuses of worn items for every inventory that has changed.
pub(super) fn add_up(data: Res<Data>, mut wearers: Query<(&Inventory, &mut EquipmentBonus), Changed<Inventory>>) {
    for (inventory, mut bonus) in &mut wearers {
        let mut sum = Bonuses::default();
        for (_, held) in inventory.worn() {
            let item = data.items.find(&held.definition).and_then(|item| data.items.get(item));
            if let Some(item) = item.filter(|item| item.worn_slot.is_some_and(|slot| slot.number() == held.slot)) {
                sum += item.bonuses;
            }
        }
        bonus.set_if_neq(EquipmentBonus(sum));
    }
}
