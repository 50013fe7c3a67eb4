//! Bodies: circles that walk and are pushed over the collision grid.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Angle, Position, step};

use crate::channel_map::ChannelMap;
use crate::past::Trail;
use crate::schedule::{TickSchedule, TickSet};

/// An entity's position. Who walks or flies changes it; who is put somewhere else (a teleport) gets a new one inserted,
/// so that the [spatial index](crate::spatial) has it at once, and its [past](crate::past) ends.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At(pub Position);

/// The direction an entity faces.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heading(pub Angle);

/// A circular body that walls stop.
#[derive(Component, Debug, Clone, Copy)]
#[require(At, Heading, Walk, Speed, Push, Trail)]
pub struct Body {
    /// Radius in units of 1/1,024 tile.
    pub radius: i32,
}

/// The direction in which the body walks; `None` when it stands still. Set in [`TickSet::Intent`] and kept until it is
/// set again.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Walk(pub Option<Angle>);

/// How far the body walks per tick, in units of 1/1,024 tile.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Speed(pub i32);

/// A push from outside, such as a knockback, added to the body's own walking.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Push {
    /// Push to the east, in units of 1/1,024 tile per tick.
    pub dx: i32,
    /// Push to the south, in units of 1/1,024 tile per tick.
    pub dy: i32,
    /// Remaining ticks of the push.
    pub ticks: u32,
}

/// Marks a body that stays where it is and does nothing until this component is removed. The per-tick work for bodies
/// skips it. Insert it only on a new body, or on one that stood still in the tick before.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Asleep;

/// Moves bodies, in [`TickSet::Move`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodySystems;

/// The plugin that moves bodies.
pub struct BodyPlugin;

impl Plugin for BodyPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, walk.in_set(TickSet::Move).in_set(BodySystems));
    }
}

type WalkingBody<'a> = (&'a Body, &'a Walk, &'a Speed, &'a mut At, &'a mut Heading, &'a mut Push);

/// Moves every body by its own walk and its push. Writes only what changes, so that standing costs nothing.
fn walk(map: Res<ChannelMap>, mut bodies: Query<WalkingBody<'_>, Without<Asleep>>) {
    for (body, walk, speed, mut at, mut heading, mut push) in &mut bodies {
        let (mut dx, mut dy) = walk.0.map_or((0, 0), |angle| angle.scaled(speed.0));
        if push.ticks > 0 {
            (dx, dy) = (dx + push.dx, dy + push.dy);
            push.ticks -= 1;
        }
        if let Some(angle) = walk.0 {
            heading.set_if_neq(Heading(angle));
        }
        if (dx, dy) != (0, 0) {
            at.set_if_neq(At(step(&map.grid, at.0, body.radius, dx, dy)));
        }
    }
}
