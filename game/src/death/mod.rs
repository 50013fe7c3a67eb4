//! Dying: whoever has no health left lies dead, whoever counts on it is told, and players come back.

mod find;
mod respawn;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::data::MobIndex;

/// Has no health left: does nothing, feels nothing. Whoever has none of these is alive.
#[derive(Component, Debug, Clone, Copy)]
pub struct Dead {
    /// Since when.
    pub since: Tick,
}

/// What kind of being died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VictimKind {
    /// A player's character.
    Player,
    /// A mob.
    Mob,
}

/// Somebody died in this tick. Written in [`TickSet::Lifecycle`] by [`DeathSystems`]; read it after that set.
#[derive(Message, Debug, Clone)]
pub struct Died {
    /// Who. Still in the world.
    pub victim: Entity,
    /// What kind of being.
    pub victim_kind: VictimKind,
    /// Who dealt the last blow.
    pub killer: Option<Entity>,
    /// The players who had a part in it and the damage of each, the greatest first. Some may have left since.
    pub credit: Vec<(Entity, u32)>,
    /// Where.
    pub at: Position,
    /// Which kind of mob.
    pub mob: Option<MobIndex>,
    /// The level of a mob, 0 for players.
    pub mob_level: u8,
}

/// The dead are found and told of, in [`TickSet::Lifecycle`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeathSystems;

/// Dead players come back when they ask to, in [`TickSet::Intent`] after requests are read.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RespawnSystems;

/// Owns death and the return from it.
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
