//! Bodies: circles that walk and are pushed over the collision grid.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Angle, Position, step};

use crate::channel::ChannelMap;
use crate::schedule::{TickSchedule, TickSet};

/// Where an entity is.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At(pub Position);

/// Where an entity looks.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heading(pub Angle);

/// A body that walls stop.
#[derive(Component, Debug, Clone, Copy)]
#[require(At, Heading, Walk, Speed, Push)]
pub struct Body {
    /// In 1/1,024 tile.
    pub radius: i32,
}

/// Where the body walks this tick; set in [`TickSet::Intent`], kept until it is set again.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Walk(pub Option<Angle>);

/// How far the body walks in a tick, in 1/1,024 tile.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Speed(pub i32);

/// A push from outside (a knockback), beside its own walking.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Push {
    /// 1/1,024 tile per tick to the east.
    pub dx: i32,
    /// 1/1,024 tile per tick to the south.
    pub dy: i32,
    /// How many ticks still.
    pub ticks: u32,
}

/// A body that stays where it is and does nothing, until this is taken from it: nothing of what is done for every body in every
/// tick is done for it. It may be put on a body that stood still in the tick before, or is new.
#[derive(Component, Debug, Clone, Copy, Default)]
pub struct Asleep;

/// Owns the movement of bodies.
pub struct BodyPlugin;

impl Plugin for BodyPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, walk.in_set(TickSet::Move));
    }
}

type WalkingBody<'a> = (&'a Body, &'a Walk, &'a Speed, &'a mut At, &'a mut Heading, &'a mut Push);

/// Moves every body by what it wants and what pushes it. Writes only what changes, so that standing costs nothing.
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
