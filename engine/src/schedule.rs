//! The order of a tick, stated once.
//!
//! Whatever runs in a world runs in [`TickSchedule`], in one of the sets of [`TickSet`], which run one after the other.
//! Within a set, systems that touch the same data are ordered by their plugin; `tests/worlds/ambiguity.rs` demands that none
//! are left to chance.

use bevy_app::{App, Plugin};
use bevy_ecs::message::MessageRegistry;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};

use crate::clock::TickClock;
use crate::profile::ProfilePlugin;

/// The one schedule of a channel, run once per tick.
#[derive(ScheduleLabel, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TickSchedule;

/// The parts of a tick, in their order.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TickSet {
    /// The clock advances, and what came from outside enters the world.
    Receive,
    /// Players' commands and messages and mobs' minds become intents.
    Intent,
    /// Bodies move over the collision grid.
    Move,
    /// What moved meets what it hits: projectiles, portals, zones.
    Collide,
    /// Casts, damage, healing, statuses.
    Combat,
    /// Death, loot, experience, spawning.
    Lifecycle,
    /// What changed for good is handed to the persistence port.
    Persist,
    /// Components are encoded and each client's snapshot is made.
    Replicate,
    /// The outbox is closed.
    Send,
}

impl TickSet {
    /// Every part, in its order.
    pub const ALL: [Self; 9] = [
        Self::Receive,
        Self::Intent,
        Self::Move,
        Self::Collide,
        Self::Combat,
        Self::Lifecycle,
        Self::Persist,
        Self::Replicate,
        Self::Send,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Intent => "intent",
            Self::Move => "move",
            Self::Collide => "collide",
            Self::Combat => "combat",
            Self::Lifecycle => "lifecycle",
            Self::Persist => "persist",
            Self::Replicate => "replicate",
            Self::Send => "send",
        }
    }
}

/// Owns the order of the sets.
pub struct SchedulePlugin;

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        let mut schedule = Schedule::new(TickSchedule);
        schedule.set_executor(SingleThreadedExecutor::new());
        // Systems may name both their feature's set and the part of the tick that the feature's set lies in.
        schedule
            .set_build_settings(ScheduleBuildSettings { hierarchy_detection: LogLevel::Ignore, ..Default::default() });
        schedule.configure_sets(
            (
                TickSet::Receive,
                TickSet::Intent,
                TickSet::Move,
                TickSet::Collide,
                TickSet::Combat,
                TickSet::Lifecycle,
                TickSet::Persist,
                TickSet::Replicate,
                TickSet::Send,
            )
                .chain(),
        );
        app.add_schedule(schedule);
        app.add_plugins(ProfilePlugin);
        app.init_resource::<MessageRegistry>();
        app.add_systems(TickSchedule, begin_tick.in_set(TickSet::Receive).in_set(BeginTick));
    }
}

/// Before everything else of a tick.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BeginTick;

/// Advances the clock and drops the messages of the tick before last.
fn begin_tick(world: &mut World) {
    world.resource_mut::<TickClock>().advance();
    let change_tick = world.change_tick();
    world.resource_scope(|world, mut registry: Mut<MessageRegistry>| registry.run_updates(world, change_tick));
}
