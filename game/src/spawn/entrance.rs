//! A joined player becomes a character in the world.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Body};
use realmgate_engine::channel::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::Map;
use realmgate_engine::player::{LeaveRequested, PlayerJoined};
use realmgate_engine::replication::Shared;
use realmgate_protocol::link::{CharacterLoad, LeaveReason, SoftState};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind, Health, Label, Resource};

use super::CharacterReady;
use super::soft_state::KeptAsItWas;
use crate::ability::{AbilityBook, RefusedAt};
use crate::combat::Side;
use crate::data::{Class, Data};
use crate::stats::{Character, Stats};

pub(super) fn enter(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    data: Res<Data>,
    map: Res<ChannelMap>,
    mut joined: MessageReader<PlayerJoined>,
    mut ready: MessageWriter<CharacterReady>,
    mut leave: MessageWriter<LeaveRequested>,
) {
    for PlayerJoined { player, load } in joined.read() {
        let mut entity = commands.entity(*player);
        match data.classes.find(&load.class_id) {
            Some(class) => {
                let experienced = data.world.progress.level_at(load.experience);
                let level = load.level.max(experienced);
                let character = Character { class, level, experience: load.experience };
                entity.insert(body(&data, &map, character, load)).insert((
                    book(&clock, &data, &data.classes[class], load.soft.as_ref()),
                    RefusedAt::default(),
                    Shared(Label { name: load.name.clone() }),
                ));
                ready.write(CharacterReady { player: *player });
            }
            None => {
                // Data without this class: the character waits in the store until the class is back.
                tracing::error!(character = %load.character, class = load.class_id, "no such class");
                entity.insert(KeptAsItWas(load.soft.clone()));
                leave.write(LeaveRequested { player: *player, reason: LeaveReason::Kicked });
            }
        }
    }
}

fn body(data: &Data, map: &Map, character: Character, load: &CharacterLoad) -> impl Bundle {
    let class = &data.classes[character.class];
    let stats = Stats::of_class(class, character.level, Default::default());
    let rules = &data.world.player;
    let radius = rules.radius_tiles.units();
    let per_mille = |of: u16, share: u32| (u32::from(of) * share / 1_000) as u16;
    let fresh = per_mille(stats.max_resource, class.resource.start_per_mille);
    let (at, health, resource) = match &load.soft {
        None => (start(map), stats.max_health, fresh),
        Some(soft) if soft.health == 0 => {
            let at = map.respawn_for(place(map, soft, radius));
            (at, per_mille(stats.max_health, rules.respawn_health_per_mille).max(1), fresh)
        }
        Some(soft) => (place(map, soft, radius), fitted(soft.health), fitted(soft.resource)),
    };
    // What is worn is not counted yet: until it is, the most is at least what there was.
    let health = Health { current: health, max: stats.max_health.max(health) };
    let resource = Resource { current: resource, max: stats.max_resource.max(resource) };
    (
        character,
        Side::Players,
        stats,
        At(at),
        Body { radius },
        Shared(health),
        Shared(resource),
        Shared(appearance(&character)),
    )
}

/// How a character looks to others.
pub(crate) fn appearance(character: &Character) -> Appearance {
    let level = u8::try_from(character.level).unwrap_or(u8::MAX);
    Appearance { kind: EntityKind::Player, definition: character.class.0, level }
}

fn fitted(saved: u32) -> u16 {
    u16::try_from(saved).unwrap_or(u16::MAX)
}

fn start(map: &Map) -> Position {
    map.spawn_points.first().map_or(Position::default(), |spawn| spawn.position)
}

/// Where it was, if it was here and that place is free still; else the nearest place where characters appear.
fn place(map: &Map, soft: &SoftState, radius: i32) -> Position {
    if soft.map != map.id {
        return start(map);
    }
    let was = Position { x: soft.x, y: soft.y };
    if map.grid.is_free(was, radius) {
        return was;
    }
    let spawns = map.spawn_points.iter().map(|spawn| spawn.position);
    spawns.min_by_key(|spawn| spawn.distance_squared(was)).unwrap_or(was)
}

fn book(clock: &TickClock, data: &Data, class: &Class, soft: Option<&SoftState>) -> AbilityBook {
    let mut book = AbilityBook::new(class.abilities.iter().map(|ability| ability.index()));
    for left in soft.iter().flat_map(|soft| &soft.cooldowns) {
        if let Some(ability) = data.abilities.find(&left.ability) {
            book.wait(ability, clock.now().after(clock.ticks(left.left_ms)));
        }
    }
    book
}
