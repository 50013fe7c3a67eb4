//! What of a character may be lost without harm.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::{ChannelKey, ChannelMap};
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Shared;
use realmgate_protocol::link::{CooldownLeft, SoftState};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Health, Resource};

use crate::ability::AbilityBook;
use crate::data::Data;

/// A player that never became a character here: it is saved as it came.
#[derive(Component, Debug, Clone)]
pub(super) struct KeptAsItWas(pub(super) Option<SoftState>);

/// Where and how a player is.
pub(super) fn capture(world: &World, player: Entity) -> SoftState {
    if let Some(KeptAsItWas(Some(soft))) = world.get::<KeptAsItWas>(player) {
        return soft.clone();
    }
    let start = world.resource::<ChannelMap>().spawn_points.first().map_or(Position::default(), |spawn| spawn.position);
    let at = world.get::<At>(player).map_or(start, |at| at.0);
    // Without a character there was no wound: whole when it comes back.
    let health = world.get::<Shared<Health>>(player).map_or(u16::MAX, |health| health.current);
    let resource = world.get::<Shared<Resource>>(player).map_or(0, |resource| resource.current);
    SoftState {
        map: world.resource::<ChannelKey>().map,
        x: at.x,
        y: at.y,
        health: u32::from(health),
        resource: u32::from(resource),
        cooldowns: cooldowns(world, player),
    }
}

fn cooldowns(world: &World, player: Entity) -> Vec<CooldownLeft> {
    let (clock, data) = (world.resource::<TickClock>(), world.resource::<Data>());
    let Some(book) = world.get::<AbilityBook>(player) else { return Vec::new() };
    let left = book.abilities().iter().filter_map(|ability| {
        let left = book.ready_at(*ability)?.since(clock.now());
        (left > 0).then(|| CooldownLeft { ability: data.abilities.id(*ability).to_owned(), left_ms: clock.ms(left) })
    });
    left.collect()
}
