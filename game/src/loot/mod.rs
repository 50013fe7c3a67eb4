//! What lies on the ground: left by the dead or dropped, picked up, gone after a while.
//!
//! The store has it under the owner "ground" before anybody sees it, so that it can not be lost or doubled.

mod claim;
mod drop;
mod fall;
mod pick_up;
mod roll;
mod scatter;
mod vanish;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::AnnounceLeaving;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::{CharacterId, ItemId, Tick};

use crate::death::DeathSystems;
use crate::requests::RequestSet;

/// What lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goods {
    /// An item.
    Item {
        /// Its identity.
        item: ItemId,
        /// What it is, an id of the game's data.
        definition: String,
    },
    /// Gold.
    Gold(u64),
}

/// Something on the ground.
#[derive(Component, Debug, Clone)]
pub struct OnGround {
    /// What.
    pub goods: Goods,
    /// Who alone may pick it up; nobody: everybody may.
    pub owners: Vec<CharacterId>,
    /// Until when it is only theirs.
    pub owned_until: Tick,
    /// When it goes.
    pub vanishes_at: Tick,
    /// Whether somebody has reached for it, or it goes, and the store has not answered.
    pub spoken_for: bool,
}

/// What the dead leave is rolled in [`TickSet::Lifecycle`], after [`DeathSystems`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LootSystems;

/// Owns what lies on the ground.
pub struct LootPlugin;

impl Plugin for LootPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<fall::Falling>().init_resource::<claim::Claims>();
        app.add_systems(
            TickSchedule,
            (fall::lay_down, claim::finish, pick_up::pick_up, drop::drop_items, vanish::vanish)
                .chain()
                .in_set(RequestSet::Loot),
        );
        app.configure_sets(TickSchedule, LootSystems.after(AnnounceLeaving).after(DeathSystems))
            .add_systems(TickSchedule, roll::roll.in_set(TickSet::Lifecycle).in_set(LootSystems));
    }
}
