//! Spawns mobs in the spawn areas of the map, and respawns them some time after they died.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, At, Body};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::Map;
use realmgate_engine::random::ChannelRandom;
use realmgate_engine::replication::{NetEntities, NetEntity, Replicated};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind, Health};

use super::MobArea;
use crate::ability::AbilityBook;
use crate::combat::{SafeZones, Side};
use crate::data::{Data, GameData, MobIndex};
use crate::death::{Dead, Died};
use crate::mob::{Mind, MobPhase, abilities_of};
use crate::stats::{MobKind, Stats};

/// The spawn area of a mob.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// Index into [`MobAreas`]; `None` for summoned mobs.
    pub area: Option<u16>,
}

/// The spawn areas of the map, and the mobs waiting to spawn there.
#[derive(Resource, Debug, Default)]
pub struct MobAreas {
    areas: Vec<Area>,
}

#[derive(Debug)]
struct Area {
    mob: MobIndex,
    /// Overrides the level in the mob's data.
    level: Option<u8>,
    places: Vec<Position>,
    respawn_ms: u32,
    /// Ticks at which the next mobs spawn, the soonest first.
    waiting: VecDeque<Tick>,
}

impl MobAreas {
    /// Creates the spawn areas of a map. All their mobs spawn in the first tick.
    pub fn new(map: &Map, data: &GameData) -> Self {
        let zones = SafeZones::of(map);
        let areas = map.all::<MobArea>().iter().filter_map(|area| {
            let mob = data.mobs.find(&area.mob)?;
            let open = |(x, y): &(i32, i32)| !map.grid.is_solid(*x, *y);
            let places = area.rect.whole_tiles().filter(open).map(|(x, y)| Position::tile_centre(x, y));
            let places: Vec<_> = places.filter(|place| !zones.contain(*place)).collect();
            let waiting = if places.is_empty() { 0 } else { area.count as usize };
            Some(Area {
                mob,
                level: area.level,
                places,
                respawn_ms: area.respawn_ms,
                waiting: std::iter::repeat_n(Tick(0), waiting).collect(),
            })
        });
        Self { areas: areas.collect() }
    }

    /// A random place of a spawn area. `None` if there is no such area or it has no free place.
    pub fn some_place(&self, area: Option<u16>, random: &mut ChannelRandom) -> Option<Position> {
        let area = self.areas.get(usize::from(area?))?;
        area.places.get(random.index(area.places.len())).copied()
    }
}

/// Despawns the corpses of mobs after `corpse_ms`.
pub(super) fn bury(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    dead: Query<(Entity, &Dead, &MobKind)>,
) {
    for (entity, dead, kind) in &dead {
        let lies = clock.ticks(data.mobs[kind.mob].corpse_ms);
        if clock.now().since(dead.since) >= lies.max(1) {
            commands.entity(entity).despawn();
        }
    }
}

/// Queues a respawn for each mob that died.
pub(super) fn wait_for_birth(
    mut died: PopulatedMessageReader<Died>,
    clock: Res<TickClock>,
    mut areas: ResMut<MobAreas>,
    homes: Query<&Home>,
) {
    for death in died.read() {
        let Some(area) = homes.get(death.victim).ok().and_then(|home| home.area) else { continue };
        if let Some(area) = areas.areas.get_mut(usize::from(area)) {
            area.waiting.push_back(clock.now().after(clock.ticks(area.respawn_ms)));
        }
    }
}

/// Spawns the mobs that are due.
pub(super) fn give_birth(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut areas: ResMut<MobAreas>,
    mut ids: ResMut<NetEntities>,
    mut random: ResMut<ChannelRandom>,
) {
    for (index, area) in areas.areas.iter_mut().enumerate() {
        while area.waiting.pop_front_if(|due| *due <= clock.now()).is_some() {
            let Some(at) = area.places.get(random.index(area.places.len())) else { continue };
            let home = Home { area: u16::try_from(index).ok() };
            let level = area.level.unwrap_or(data.mobs[area.mob].level);
            let kind = MobKind { mob: area.mob, level };
            commands.spawn((mob(&data, ids.allocate(), kind, *at), home, Mind::at_home(*at), Asleep));
        }
    }
}

/// All components of a mob except its [`Mind`] and its [`Home`].
pub(super) fn mob(data: &Data, id: NetEntity, kind: MobKind, at: Position) -> impl Bundle + use<> {
    let mob = &data.mobs[kind.mob];
    let stats = Stats::of_mob(mob, kind.level, Default::default());
    let health = Health { current: stats.max_health, max: stats.max_health };
    let appearance = Appearance { kind: EntityKind::Mob, definition: kind.mob.0, level: kind.level };
    let body = (At(at), Body { radius: mob.radius_tiles.units() });
    (
        id,
        kind,
        Side::Mobs,
        stats,
        body,
        Replicated(health),
        Replicated(appearance),
        AbilityBook::new(abilities_of(mob), data),
        MobPhase::default(),
    )
}
