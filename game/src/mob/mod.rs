//! The behaviour of mobs: what they notice, whom they fight, when they flee and when they go home.
//!
//! A mind is a small state machine. All its numbers come from the game data: no kind of mob has code of its own.

mod fight;
mod flee;
mod help;
mod mind;
mod notice;
mod peace;
mod phase;
mod think;
mod watch;

pub use mind::{Mind, Mood};
pub use phase::{Enraged, MobPhase};
pub(crate) use phase::{abilities_of, reload};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};

/// Decides what mobs do, in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MindSystems;

/// Restores the health of mobs out of combat, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MendSystems;

/// Wakes sleeping mobs that were provoked, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WakeSystems;

/// Adds the behaviour of mobs.
pub struct MobPlugin;

impl Plugin for MobPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<help::HelpCalled>()
            .init_resource::<watch::Watched>()
            .add_systems(
                TickSchedule,
                (phase::choose_phase, watch::watch, notice::notice, help::answer, think::think)
                    .chain()
                    .in_set(TickSet::Intent)
                    .in_set(MindSystems),
            )
            .add_systems(TickSchedule, notice::wake.in_set(TickSet::Combat).in_set(WakeSystems))
            .add_systems(TickSchedule, peace::mend.in_set(TickSet::Combat).in_set(MendSystems));
    }
}
