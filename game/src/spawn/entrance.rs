//! Creates the characters of joined players.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::{Map, SpawnPoint};
use realmgate_engine::player::{LeaveGranted, PlayerJoined};
use realmgate_engine::replication::Replicated;
use realmgate_protocol::limits::MAX_LOOK_BYTES;
use realmgate_protocol::link::{CharacterLoad, LeaveReason, SoftState};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind, Health, Label, Look, Resource};

use super::CharacterReady;
use super::soft_state::KeptAsItWas;
use crate::ability::{AbilityBook, RefusedAt};
use crate::combat::{SafeZones, Side};
use crate::data::{Class, Data};
use crate::equipment::ConsumableCooldown;
use crate::stats::{Character, Stats};

pub(super) fn enter(
    mut joined: PopulatedMessageReader<PlayerJoined>,
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    (map, zones): (Res<ChannelMap>, Res<SafeZones>),
    mut ready: MessageWriter<CharacterReady>,
    mut leave: MessageWriter<LeaveGranted>,
) {
    for PlayerJoined { player, load } in joined.read() {
        let mut entity = commands.entity(*player);
        match data.classes.find(&load.class_id) {
            Some(class) => {
                let experienced = data.world.progress.level_at(load.experience);
                let level = load.level.max(experienced);
                let character = Character { class, level, experience: load.experience };
                entity.insert(body(&data, &map, &zones, character, load)).insert((
                    book(&clock, &data, &data.classes[class], load.soft.as_ref()),
                    RefusedAt::default(),
                    Replicated(Label { name: load.name.clone() }),
                ));
                if let Some(look) = shown_look(load) {
                    entity.insert(Replicated(look));
                }
                let cooldown_ms = load.soft.as_ref().map_or(0, |soft| soft.next_use_ms);
                if cooldown_ms > 0 {
                    entity.insert(ConsumableCooldown(clock.now().after(clock.ticks(cooldown_ms))));
                }
                ready.write(CharacterReady { player: *player });
            }
            None => {
                // The game data has no such class: the character waits in the store until the class is back.
                tracing::error!(character = %load.character, class = load.class_id, "no such class");
                entity.insert(KeptAsItWas(load.soft.clone()));
                leave.write(LeaveGranted { player: *player, reason: LeaveReason::Kicked });
            }
        }
    }
}

fn body(data: &Data, map: &Map, zones: &SafeZones, character: Character, load: &CharacterLoad) -> impl Bundle {
    let class = &data.classes[character.class];
    let stats = Stats::of_class(class, character.level, Default::default());
    let rules = &data.world.player;
    let radius = rules.radius_tiles.units();
    let per_mille = |of: u16, share: u32| (u32::from(of) * share / 1_000) as u16;
    let fresh = per_mille(stats.max_resource, class.resource.start_per_mille);
    let at = appears_at(map, zones, load, radius);
    let (health, resource) = match &load.soft {
        None => (stats.max_health, fresh),
        Some(soft) if soft.health == 0 => (per_mille(stats.max_health, rules.respawn_health_per_mille).max(1), fresh),
        Some(soft) => (fitted(soft.health), fitted(soft.resource)),
    };
    // Equipment is not counted yet. Until it is, the maximum is at least the saved value.
    let health = Health { current: health, max: stats.max_health.max(health) };
    let resource = Resource { current: resource, max: stats.max_resource.max(resource) };
    (
        character,
        Side::Players,
        stats,
        At(at),
        Body { radius },
        Replicated(health),
        Replicated(resource),
        Replicated(appearance(&character)),
    )
}

/// The appearance of a character, as replicated.
pub(crate) fn appearance(character: &Character) -> Appearance {
    let level = u8::try_from(character.level).unwrap_or(u8::MAX);
    Appearance { kind: EntityKind::Player, definition: character.class.0, level }
}

/// The custom look of a character that others see. One that is too long is left out: cut, it would not be valid JSON.
fn shown_look(load: &CharacterLoad) -> Option<Look> {
    let json = load.look.clone().filter(|json| json.len() <= MAX_LOOK_BYTES)?;
    Some(Look { json })
}

fn fitted(saved: u32) -> u16 {
    u16::try_from(saved).unwrap_or(u16::MAX)
}

/// Where an announced character will appear.
pub(super) fn arrival(world: &World, load: &CharacterLoad) -> Position {
    let radius = world.resource::<Data>().world.player.radius_tiles.units();
    appears_at(world.resource::<ChannelMap>(), world.resource::<SafeZones>(), load, radius)
}

/// Where a character appears. A dead one returns to the spawn point named by the nearest safe zone.
fn appears_at(map: &Map, zones: &SafeZones, load: &CharacterLoad, radius: i32) -> Position {
    let at = |spawn: &SpawnPoint| spawn.place(&map.grid, radius, load.character);
    match &load.soft {
        None => map.spawn_points().first().map_or(Position::default(), at),
        Some(soft) => {
            let was = place(map, soft, radius);
            if soft.health == 0 { zones.respawn_for(was).map_or(was, at) } else { was }
        }
    }
}

fn start(map: &Map) -> Position {
    map.spawn_points().first().map_or(Position::default(), |spawn| spawn.position)
}

/// The saved place of a character on this map, or the nearest spawn point if it is no longer free. The first spawn
/// point if it was saved on another map.
fn place(map: &Map, soft: &SoftState, radius: i32) -> Position {
    if soft.map != map.id {
        return start(map);
    }
    let was = Position { x: soft.x, y: soft.y };
    if map.grid.is_free(was, radius) {
        return was;
    }
    let spawns = map.spawn_points().iter().map(|spawn| spawn.position);
    spawns.min_by_key(|spawn| spawn.distance_squared(was)).unwrap_or(was)
}

fn book(clock: &TickClock, data: &Data, class: &Class, soft: Option<&SoftState>) -> AbilityBook {
    let mut book = AbilityBook::new(class.abilities.iter().map(|ability| ability.index()), data);
    for left in soft.iter().flat_map(|soft| &soft.cooldowns) {
        if let Some(ability) = data.abilities.find(&left.ability) {
            book.wait(ability, clock.now().after(clock.ticks(left.left_ms)));
        }
    }
    book
}
