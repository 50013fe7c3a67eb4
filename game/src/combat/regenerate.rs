//! Regeneration of health and resource: once a second for each character, spread over the ticks.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Travelling;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::{Health, Resource};

use super::InCombat;
use crate::data::Data;
use crate::death::Dead;
use crate::stats::Character;

/// A character that regenerates.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Resting {
    entity: Entity,
    character: &'static Character,
    combat: &'static InCombat,
    health: &'static mut Replicated<Health>,
    resource: &'static mut Replicated<Resource>,
}
type AliveHere = (Without<Dead>, Without<Travelling>);

pub(super) fn regenerate(clock: Res<TickClock>, data: Res<Data>, mut characters: Query<Resting, AliveHere>) {
    for RestingItem { entity, character, combat, mut health, mut resource } in &mut characters {
        if !clock.every(clock.tick_hz(), entity.index_u32()) || health.current == 0 {
            continue;
        }
        let class = &data.classes[character.class];
        let fighting = combat.is(clock.now());
        let comes = if fighting { class.resource.combat_per_s } else { class.resource.rest_per_s };
        let current = (i32::from(resource.current) + comes).clamp(0, i32::from(resource.max)) as u16;
        let max = resource.max;
        resource.set_if_neq(Replicated(Resource { current, max }));
        if !fighting {
            let comes = u32::from(health.max) * class.rest_health_per_mille_per_s / 1_000;
            let current = (u32::from(health.current) + comes).min(u32::from(health.max)) as u16;
            let max = health.max;
            health.set_if_neq(Replicated(Health { current, max }));
        }
    }
}
