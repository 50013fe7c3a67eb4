//! Spawns characters and mobs, and removes the bodies of players without a connection.

mod birth;
mod entrance;
mod linger;
mod mob_area;
mod soft_state;
mod summon;

pub use birth::{Home, MobAreas};
pub(crate) use entrance::appearance;
pub use mob_area::MobArea;
pub use summon::{SummonRequested, SummonedBy};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::player::{CaptureSoftState, PlaceArrival};
use realmgate_engine::schedule::{TickSchedule, TickSet};

use crate::data::Data;

/// The character of a joined player is complete: it has a body, stats and health. Written by [`EntranceSystems`].
#[derive(Message, Debug, Clone, Copy)]
pub struct CharacterReady {
    /// The player.
    pub player: Entity,
}

/// Creates the characters of joined players, first in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntranceSystems;

/// Removes players without a connection when their time is up, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LingerSystems;

/// Despawns, spawns and summons mobs, in [`TickSet::Lifecycle`] after deaths were found.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthSystems;

/// Adds the spawning of characters and mobs. Needs [`Data`] to be inserted first.
pub struct SpawnPlugin;

impl Plugin for SpawnPlugin {
    fn build(&self, app: &mut App) {
        let world = app.world();
        let areas = MobAreas::new(world.resource::<ChannelMap>(), world.resource::<Data>());
        app.insert_resource(areas)
            .insert_resource(CaptureSoftState(soft_state::capture))
            .insert_resource(PlaceArrival(entrance::arrival))
            .add_message::<CharacterReady>()
            .add_message::<SummonRequested>()
            .add_systems(
                TickSchedule,
                (
                    entrance::enter.in_set(TickSet::Intent).in_set(EntranceSystems),
                    linger::let_go.in_set(TickSet::Combat).in_set(LingerSystems),
                    (birth::wait_for_birth, birth::bury, birth::give_birth, summon::summon, summon::dismiss)
                        .chain()
                        .in_set(TickSet::Lifecycle)
                        .in_set(BirthSystems),
                ),
            );
    }
}
