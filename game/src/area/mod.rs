//! Areas on the ground that act for a while on everyone inside.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntities, Shared};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind};

use crate::combat::{Hit, Side, Targets};
use crate::data::{AbilityIndex, Data, Shape};

/// An ability lays an area.
#[derive(Message, Debug, Clone, Copy)]
pub struct Lay {
    /// Who used it.
    pub source: Entity,
    /// On whose side.
    pub side: Side,
    /// The user's power.
    pub power: u32,
    /// Which ability.
    pub ability: AbilityIndex,
    /// Where.
    pub at: Position,
}

/// An area on the ground.
#[derive(Component, Debug, Clone, Copy)]
pub struct GroundArea {
    lay: Lay,
    radius: i32,
    period: u32,
    next: Tick,
    until: Tick,
}

/// Areas act and end, in [`TickSet::Collide`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AreaSystems;

/// Areas appear, in [`TickSet::Combat`] after abilities.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaySystems;

/// Owns the areas.
pub struct AreaPlugin;

impl Plugin for AreaPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Lay>()
            .add_systems(TickSchedule, act.in_set(TickSet::Collide).in_set(AreaSystems))
            .add_systems(TickSchedule, lay.in_set(TickSet::Combat).in_set(LaySystems));
    }
}

fn lay(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut ids: ResMut<NetEntities>,
    mut lays: MessageReader<Lay>,
) {
    for lay in lays.read() {
        let Shape::Ground { radius_tiles, lasts_ms, period_ms, .. } = data.abilities[lay.ability].shape else {
            continue;
        };
        let next = clock.now().after(1);
        let (period, until) = (clock.ticks(period_ms).max(1), next.after(clock.ticks(lasts_ms)));
        let area = GroundArea { lay: *lay, radius: radius_tiles.units(), period, next, until };
        let appearance = Appearance { kind: EntityKind::Area, definition: lay.ability.0, level: 0 };
        commands.spawn((ids.allocate(), At(lay.at), Shared(appearance), area));
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
            let Lay { source, side, power, ability, at } = area.lay;
            let friendly = data.abilities[ability].is_friendly();
            let reached = targets.around(at, area.radius, side, friendly);
            hits.write_batch(reached.map(|target| Hit {
                source,
                side,
                power,
                ability,
                target: target.entity,
                from: at,
            }));
        }
    }
}
