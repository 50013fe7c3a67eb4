//! Projectiles, such as arrows, bolts and stones.

mod fly;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Heading};
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntities, Replicated};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Appearance, EntityKind};

use crate::combat::Side;
use crate::data::{AbilityIndex, Data, Shape};

/// An ability launches a projectile.
#[derive(Message, Debug, Clone, Copy)]
pub struct Launch {
    /// The caster.
    pub source: Entity,
    /// The side of the caster.
    pub side: Side,
    /// The power of the caster at launch.
    pub power: u32,
    /// The ability that launches it.
    pub ability: AbilityIndex,
    /// Where the flight starts.
    pub from: Position,
    /// Direction of the flight.
    pub angle: Angle,
}

/// A projectile in flight.
#[derive(Component, Debug, Clone, Copy)]
pub struct Projectile {
    launch: Launch,
    step: i32,
    left: i32,
    radius: i32,
    burst: i32,
}

/// Moves projectiles and makes them hit, in [`TickSet::Collide`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProjectileSystems;

/// Spawns projectiles, in [`TickSet::Combat`] after abilities.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaunchSystems;

/// Adds projectiles.
pub struct ProjectilePlugin;

impl Plugin for ProjectilePlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Launch>()
            .add_systems(TickSchedule, fly::fly.in_set(TickSet::Collide).in_set(ProjectileSystems))
            .add_systems(TickSchedule, launch.in_set(TickSet::Combat).in_set(LaunchSystems));
    }
}

fn launch(
    mut launches: PopulatedMessageReader<Launch>,
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut ids: ResMut<NetEntities>,
) {
    for launch in launches.read() {
        let Shape::Projectile { range_tiles, speed_tiles_per_s, radius_tiles, burst_tiles } =
            data.abilities[launch.ability].shape
        else {
            continue;
        };
        // May be faster than a walking body: flight is swept, so no target is skipped.
        let step = (speed_tiles_per_s.units() / clock.tick_hz() as i32).max(1);
        let (radius, burst) = (radius_tiles.units(), burst_tiles.units());
        let projectile = Projectile { launch: *launch, step, left: range_tiles.units(), radius, burst };
        let appearance = Appearance { kind: EntityKind::Projectile, definition: launch.ability.0, level: 0 };
        commands.spawn((ids.allocate(), At(launch.from), Heading(launch.angle), Replicated(appearance), projectile));
    }
}
