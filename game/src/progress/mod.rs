//! Experience and levels. Experience is owned like items: a gain counts once the store has it.

mod award;
mod gain;
mod split;

pub use gain::PendingExperience;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};

/// Awards and applies experience, in [`TickSet::Lifecycle`] after deaths were found.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressSystems;

/// Adds experience and levels.
pub struct ProgressPlugin;

impl Plugin for ProgressPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<gain::Gains>().add_systems(
            TickSchedule,
            (gain::settle, award::award).chain().in_set(TickSet::Lifecycle).in_set(ProgressSystems),
        );
    }
}
