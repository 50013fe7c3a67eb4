//! How characters and mobs come into the world, and how the bodies of the absent leave it.

mod birth;
mod entrance;
mod linger;
mod soft_state;
mod summon;

pub use birth::{Home, MobAreas};
pub(crate) use entrance::appearance;
pub use summon::{SummonRequested, SummonedBy};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::ChannelMap;
use realmgate_engine::player::CaptureSoftState;
use realmgate_engine::schedule::{TickSchedule, TickSet};

use crate::data::Data;

/// A joined player has its whole character now: body, strength, health. Written by [`EntranceSystems`].
#[derive(Message, Debug, Clone, Copy)]
pub struct CharacterReady {
    /// Who.
    pub player: Entity,
}

/// Joined players get their characters, first in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntranceSystems;

/// The bodies of those whose connection is lost leave when their time is up, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LingerSystems;

/// Mobs are buried, born and summoned, in [`TickSet::Lifecycle`] after the dead were found.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthSystems;

/// Owns how everyone comes into the world. Needs [`Data`] to be there.
pub struct SpawnPlugin;

impl Plugin for SpawnPlugin {
    fn build(&self, app: &mut App) {
        let world = app.world();
        let areas = MobAreas::new(world.resource::<ChannelMap>(), world.resource::<Data>());
        app.insert_resource(areas)
            .insert_resource(CaptureSoftState(soft_state::capture))
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
