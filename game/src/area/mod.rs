//! Areas of effect on the ground: they last for a while and act on everyone inside.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntities, Replicated};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind};

use crate::combat::{Hit, Side, Targets};
use crate::data::{AbilityIndex, Data, Shape};

/// An ability places an area of effect on the ground.
#[derive(Message, Debug, Clone, Copy)]
pub struct Lay {
    /// The caster.
    pub source: Entity,
    /// The side of the caster.
    pub side: Side,
    /// The power of the caster when the ability took effect.
    pub power: u32,
    /// The ability that places the area.
    pub ability: AbilityIndex,
    /// Centre of the area.
    pub centre: Position,
}

/// An area of effect on the ground.
#[derive(Component, Debug, Clone, Copy)]
pub struct GroundArea {
    lay: Lay,
    radius: i32,
    period: u32,
    next: Tick,
    until: Tick,
}

/// Applies areas and despawns those that are over, in [`TickSet::Collide`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AreaSystems;

/// Spawns areas, in [`TickSet::Combat`] after abilities.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaySystems;

/// Adds areas of effect.
pub struct AreaPlugin;

impl Plugin for AreaPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Lay>()
            .add_systems(TickSchedule, act.in_set(TickSet::Collide).in_set(AreaSystems))
            .add_systems(TickSchedule, lay.in_set(TickSet::Combat).in_set(LaySystems));
    }
}

fn lay(
    mut lays: PopulatedMessageReader<Lay>,
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut ids: ResMut<NetEntities>,
) {
    for lay in lays.read() {
        let Shape::Ground { radius_tiles, lasts_ms, period_ms, .. } = data.abilities[lay.ability].shape else {
            continue;
        };
        let next = clock.now().after(1);
        let (period, until) = (clock.ticks(period_ms).max(1), next.after(clock.ticks(lasts_ms)));
        let area = GroundArea { lay: *lay, radius: radius_tiles.units(), period, next, until };
        let appearance = Appearance { kind: EntityKind::Area, definition: lay.ability.0, level: 0 };
        commands.spawn((ids.allocate(), At(lay.centre), Replicated(appearance), area));
    }
}

fn act(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    targets: Targets<'_, '_>,
    mut areas: Query<(Entity, &mut GroundArea)>,
    mut hits: MessageWriter<Hit>,
) {
    for (entity, mut area) in &mut areas {
        if clock.now() >= area.until {
            commands.entity(entity).despawn();
        } else if clock.now() >= area.next {
            area.next = clock.now().after(area.period);
            let Lay { source, side, power, ability, centre } = area.lay;
            let reached = targets.around(centre, area.radius, side, data.abilities[ability].relation());
            hits.write_batch(reached.map(|target| Hit {
                source,
                side,
                power,
                ability,
                target: target.entity,
                from: centre,
            }));
        }
    }
}
