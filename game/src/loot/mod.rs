//! Loot: things on the ground that were left by dead mobs or dropped. They are picked up, or despawn after a while.
//!
//! The store has them under the owner "ground" before anybody sees them, so that they cannot be lost or duplicated.

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

/// The content of a thing on the ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goods {
    /// An item.
    Item {
        /// Id of the item.
        item: ItemId,
        /// Item id of the game data.
        definition: String,
    },
    /// An amount of gold.
    Gold(u64),
}

/// A thing on the ground.
#[derive(Component, Debug, Clone)]
pub struct OnGround {
    /// The item or gold.
    pub goods: Goods,
    /// The characters that may pick it up. If empty, everybody may.
    pub owners: Vec<CharacterId>,
    /// Tick until which it is reserved for its owners.
    pub owned_until: Tick,
    /// Tick at which it despawns.
    pub vanishes_at: Tick,
    /// Whether a deal that picks it up or removes it is pending at the store.
    pub spoken_for: bool,
}

/// Rolls the loot of mobs that died, in [`TickSet::Lifecycle`], after [`DeathSystems`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LootSystems;

/// Adds loot.
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
