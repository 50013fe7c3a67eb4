//! The order of a tick, stated once.
//!
//! Everything that runs in a world runs in [`TickSchedule`], in one of the sets of [`TickSet`], which run one after the
//! other. Within a set, plugins order their systems that touch the same data; `tests/worlds/ambiguity.rs` checks that
//! no order is left open.

use bevy_app::{App, Plugin};
use bevy_ecs::change_detection::Tick as ChangeTick;
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
    /// Player commands, player messages and mob decisions become intents.
    Intent,
    /// Bodies move over the collision grid.
    Move,
    /// Collisions of what moved: projectiles, portals, zones.
    Collide,
    /// Casts, damage, healing, statuses.
    Combat,
    /// Death, loot, experience, spawning.
    Lifecycle,
    /// Durable changes are handed to the persistence port.
    Persist,
    /// Components are encoded and each client's snapshot is made.
    Replicate,
    /// The outbox is closed.
    Send,
}

impl TickSet {
    /// Every part, in order.
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

    /// What a channel at [rest](crate::rest) passes by.
    const PASSED_BY: [Self; 6] =
        [Self::Intent, Self::Move, Self::Collide, Self::Combat, Self::Lifecycle, Self::Persist];

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

/// The plugin that creates [`TickSchedule`] and orders its sets.
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
        for set in TickSet::PASSED_BY {
            schedule.configure_sets(set.run_if(is_whole));
        }
        app.add_schedule(schedule);
        app.add_plugins(ProfilePlugin);
        app.init_resource::<MessageRegistry>();
        app.add_systems(TickSchedule, begin_tick.in_set(TickSet::Receive).in_set(BeginTick));
    }
}

/// The set that runs before everything else in a tick.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BeginTick;

fn is_whole(clock: Res<TickClock>) -> bool {
    !clock.is_passed_by()
}

/// Advances the clock and drops the messages of the tick before last. In a tick that is passed by, nobody reads them: they wait.
///
/// The registry skips what nobody has written since `updated_at`, so `updated_at` must be the last run of this system:
/// with a later moment nothing would ever be dropped.
fn begin_tick(world: &mut World, mut updated_at: Local<ChangeTick>) {
    let mut clock = world.resource_mut::<TickClock>();
    clock.advance();
    if clock.is_passed_by() {
        return;
    }
    world.resource_scope(|world, mut registry: Mut<MessageRegistry>| registry.run_updates(world, *updated_at));
    *updated_at = world.change_tick();
}

/// Begins bevy's record of removed components (`World::removed`) anew. It has to run right after the components are
/// encoded, the one place that asks for removals: what a later system of the same tick removes is then encoded in the
/// next. (`Changed` queries count from the last run of the system that asks.)
pub(crate) fn clear_removals(world: &mut World) {
    world.clear_trackers();
}

#[cfg(test)]
mod tests {
    use bevy_ecs::message::Messages;

    use super::*;

    #[derive(Message)]
    struct Note;

    fn note(mut notes: MessageWriter<'_, Note>) {
        notes.write(Note);
    }

    #[test]
    fn messages_are_dropped_after_the_next_tick_however_long_the_world_lives() {
        let mut app = App::new();
        app.insert_resource(TickClock::new(30)).add_plugins(SchedulePlugin).add_message::<Note>();
        app.add_systems(TickSchedule, note.in_set(TickSet::Intent));
        for _ in 0..100 {
            app.world_mut().run_schedule(TickSchedule);
        }
        assert_eq!(app.world().resource::<Messages<Note>>().len(), 2, "of this tick and of the one before");
    }
}
