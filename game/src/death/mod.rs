//! Death: marks entities without health as dead, announces deaths, and respawns players.

mod find;
mod respawn;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::data::MobIndex;

/// Marks an entity that has no health left: it cannot act or be affected. Entities without this component are alive.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub struct Dead {
    /// Tick at which it died.
    pub since: Tick,
}

/// Whether a player or a mob died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VictimKind {
    /// A player's character.
    Player,
    /// A mob.
    Mob,
}

/// An entity died in this tick. Written in [`TickSet::Lifecycle`] by [`DeathSystems`]; read it after that set.
#[derive(Message, Debug, Clone)]
pub struct Died {
    /// The entity that died. It is still in the world.
    pub victim: Entity,
    /// Whether the victim is a player or a mob.
    pub victim_kind: VictimKind,
    /// The entity that dealt the last blow, if any.
    pub killer: Option<Entity>,
    /// The players who took part and the damage each has dealt, greatest first. Some may have left since.
    pub credit: Vec<(Entity, u32)>,
    /// Where the victim died.
    pub position: Position,
    /// The kind of mob, `None` for players.
    pub mob: Option<MobIndex>,
    /// The level of a mob, 0 for players.
    pub mob_level: u8,
}

/// Finds and announces deaths, in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeathSystems;

/// Respawns dead players who ask for it, in [`TickSet::Intent`] after requests are read.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RespawnSystems;

/// Adds death and respawn.
pub struct DeathPlugin;

impl Plugin for DeathPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Died>().add_systems(
            TickSchedule,
            (
                (find::find_dead, find::tell_of_death, find::forgive)
                    .chain()
                    .in_set(TickSet::Lifecycle)
                    .in_set(DeathSystems),
                respawn::respawn.in_set(TickSet::Intent).in_set(RespawnSystems),
            ),
        );
    }
}
