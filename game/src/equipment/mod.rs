//! Equipment and consumables.

mod bonus;
mod consume;
mod wear;

pub(crate) use bonus::reload;
pub(crate) use consume::ConsumableCooldown;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::TickSchedule;

use crate::requests::RequestSet;

/// Adds equipping and using items.
pub struct EquipmentPlugin;

impl Plugin for EquipmentPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<consume::Uses>().add_systems(
            TickSchedule,
            (bonus::add_up, wear::wear, consume::take_effect, consume::use_items).chain().in_set(RequestSet::Equipment),
        );
    }
}
