//! Experience and levels. What is gained is a change of what players own: it counts when the store has it.

mod award;
mod gain;
mod share;

pub use gain::PendingExperience;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};

/// Experience is awarded and counted, in [`TickSet::Lifecycle`] after the dead were found.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressSystems;

/// Owns experience and levels.
pub struct ProgressPlugin;

impl Plugin for ProgressPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<gain::Gains>().add_systems(
            TickSchedule,
            (gain::settle, award::award).chain().in_set(TickSet::Lifecycle).in_set(ProgressSystems),
        );
    }
}
