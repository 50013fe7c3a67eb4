//! Where bodies were a moment ago, for lag compensation: a player aims at what it sees, and that is not the present.
//!
//! Every [`Body`] has a [`Trail`] of the last ticks. A command tells when its player [saw](realmgate_protocol::wire::Seen)
//! others: [`believed`] is how much of that the acknowledged snapshots allow, and [`Lag`] how far back it lies, bounded by
//! [`MAX_LAG_MS`]. The game asks [`Past`] where somebody was then.

mod lag;
mod longest_step;
mod trail;

pub use lag::{Lag, MAX_LAG_MS, believed};
pub use trail::Trail;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::body::{Asleep, At, Body, BodySystems};
use crate::clock::TickClock;
use crate::schedule::{TickSchedule, TickSet};
use longest_step::LongestStep;

/// So many ticks are kept, the present included.
const KEPT_TICKS: usize = 16;

/// The place of a tick in what is kept.
fn slot(tick: Tick) -> usize {
    tick.0 as usize % KEPT_TICKS
}

/// Extends the trails of bodies that have moved, in [`TickSet::Move`] after they have.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrailSystems;

/// The plugin that keeps the trails.
pub struct PastPlugin;

impl Plugin for PastPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<LongestStep>()
            .add_observer(begin_trail)
            .configure_sets(TickSchedule, TrailSystems.after(BodySystems))
            .add_systems(TickSchedule, extend_trails.in_set(TickSet::Move).in_set(TrailSystems));
    }
}

/// Answers where bodies were.
#[derive(SystemParam)]
pub struct Past<'w> {
    clock: Res<'w, TickClock>,
    longest: Res<'w, LongestStep>,
}

impl Past<'_> {
    /// Where a player with this lag saw the body. `None` if the body was not there yet, or has been put elsewhere since.
    pub fn shown(&self, trail: &Trail, lag: Lag) -> Option<Position> {
        trail.shown(lag, self.clock.now())
    }

    /// Where the body has been in the last `ms` milliseconds, the present included, newest first.
    pub fn within(&self, trail: &Trail, ms: u32) -> impl Iterator<Item = Position> {
        let now = self.clock.now();
        (0..=lag::whole_ticks(ms, self.clock.tick_hz())).map_while(move |ago| trail.at(now.before(ago)))
    }

    /// How far from its present position anybody can have been shown with this lag, in units.
    pub fn farthest(&self, lag: Lag) -> i32 {
        self.longest.in_one_tick() * lag.ticks() as i32
    }
}

type Moved<'w, 's> = Query<'w, 's, (&'static At, &'static mut Trail), (Changed<At>, Without<Asleep>)>;

/// Notes where bodies have moved to. Who has not moved costs nothing.
fn extend_trails(clock: Res<TickClock>, mut longest: ResMut<LongestStep>, mut moved: Moved<'_, '_>) {
    let now = clock.now();
    longest.begin(now);
    for (at, mut trail) in &mut moved {
        let from = trail.extend(at.0, now);
        longest.note(from, at.0);
    }
}

/// A new position is not walked to: the trail begins there.
fn begin_trail(
    inserted: On<Insert<(At, Body)>>,
    clock: Res<TickClock>,
    mut bodies: Query<(&At, &mut Trail), With<Body>>,
) {
    if let Ok((at, mut trail)) = bodies.get_mut(inserted.entity) {
        *trail = Trail::beginning(at.0, clock.now());
    }
}

#[cfg(test)]
mod tests;
