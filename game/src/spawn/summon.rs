//! Summoned mobs.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Heading};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::map::Map;
use realmgate_engine::replication::NetEntities;
use realmgate_protocol::movement::{Angle, Position};

use super::birth::{Home, mob};
use crate::combat::SafeZones;
use crate::data::{Data, MobIndex};
use crate::death::Dead;
use crate::mob::{Mind, Mood};
use crate::stats::MobKind;
use crate::threat::ThreatTable;

/// An ability summons mobs.
#[derive(Message, Debug, Clone, Copy)]
pub struct SummonRequested {
    /// The mob that summons them.
    pub master: Entity,
    /// The kind of mob to summon.
    pub mob: MobIndex,
    /// How many to summon.
    pub count: u16,
    /// Most summoned mobs of this master that may live at once.
    pub at_most: u16,
}

/// Marks a summoned mob with its master. It despawns when the master is dead, gone or no longer fighting.
#[derive(Component, Debug, Clone, Copy)]
pub struct SummonedBy(pub Entity);

type Master<'a> = (&'a MobKind, &'a Mind, &'a At, &'a Heading);

pub(super) fn summon(
    mut requests: PopulatedMessageReader<SummonRequested>,
    mut commands: Commands<'_, '_>,
    data: Res<Data>,
    (map, zones): (Res<ChannelMap>, Res<SafeZones>),
    mut ids: ResMut<NetEntities>,
    masters: Query<Master<'_>, Without<Dead>>,
    servants: Query<&SummonedBy, Without<Dead>>,
) {
    for request in requests.read() {
        let Ok((master, mind, at, heading)) = masters.get(request.master) else { continue };
        let living = servants.iter().filter(|servant| servant.0 == request.master).count();
        let more = usize::from(request.at_most).saturating_sub(living).min(usize::from(request.count));
        let radius = data.mobs[request.mob].radius_tiles.units();
        for index in 0..more {
            let angle = Angle(heading.0.0.wrapping_add((256 * index / more) as u8));
            let at = beside(&map, &zones, at.0, angle, radius);
            let mut threat = ThreatTable::default();
            if let Some(enemy) = mind.enemy {
                threat.add(enemy, 1);
            }
            let mut mind = Mind::at_home(at);
            mind.answers_call();
            let kind = MobKind { mob: request.mob, level: master.level };
            let servant = mob(&data, ids.allocate(), kind, at);
            commands.spawn((servant, Home { area: None }, mind, threat, SummonedBy(request.master)));
        }
    }
}

/// A place three radii beside a position, or the position itself if that place is not free.
fn beside(map: &Map, zones: &SafeZones, at: Position, angle: Angle, radius: i32) -> Position {
    let (dx, dy) = angle.scaled(3 * radius);
    let wished = at.offset(dx, dy);
    let free = map.grid.is_free(wished, radius) && map.grid.line_of_sight(at, wished) && !zones.contain(wished);
    if free { wished } else { at }
}

/// Despawns summoned mobs whose master is dead, gone or no longer fighting.
pub(super) fn dismiss(
    mut commands: Commands<'_, '_>,
    servants: Query<(Entity, &SummonedBy)>,
    masters: Query<&Mind, Without<Dead>>,
) {
    for (servant, SummonedBy(master)) in &servants {
        let fighting = masters.get(*master).is_ok_and(|mind| !mind.is_peaceful() && mind.mood != Mood::Return);
        if !fighting {
            commands.entity(servant).try_despawn();
        }
    }
}
