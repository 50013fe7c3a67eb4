//! Soft state: the part of a character that may be lost without harm.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::ChannelKey;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::link::{CooldownLeft, SoftState};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Health, Resource};

use crate::ability::AbilityBook;
use crate::data::Data;
use crate::equipment::ConsumableCooldown;
use crate::ignore::Ignored;

/// Soft state of a player that never got a character here: it is saved as it was loaded.
#[derive(Component, Debug, Clone)]
#[component(storage = "SparseSet")]
pub(super) struct KeptAsItWas(pub(super) Option<SoftState>);

/// Captures the soft state of a player.
pub(super) fn capture(world: &World, player: Entity) -> SoftState {
    if let Some(KeptAsItWas(Some(soft))) = world.get::<KeptAsItWas>(player) {
        return soft.clone();
    }
    let start =
        world.resource::<ChannelMap>().spawn_points().first().map_or(Position::default(), |spawn| spawn.position);
    let at = world.get::<At>(player).map_or(start, |at| at.0);
    // Without a character it was never harmed: it has full health when it comes back.
    let health = world.get::<Replicated<Health>>(player).map_or(u16::MAX, |health| health.current);
    let resource = world.get::<Replicated<Resource>>(player).map_or(0, |resource| resource.current);
    SoftState {
        map: world.resource::<ChannelKey>().map,
        x: at.x,
        y: at.y,
        health: u32::from(health),
        resource: u32::from(resource),
        cooldowns: cooldowns(world, player),
        next_use_ms: consumable_cooldown_ms(world, player),
        ignored: world.get::<Ignored>(player).map(Ignored::names).unwrap_or_default(),
    }
}

fn consumable_cooldown_ms(world: &World, player: Entity) -> u32 {
    let clock = world.resource::<TickClock>();
    world.get::<ConsumableCooldown>(player).map_or(0, |cooldown| clock.ms(cooldown.0.since(clock.now())))
}

fn cooldowns(world: &World, player: Entity) -> Vec<CooldownLeft> {
    let (clock, data) = (world.resource::<TickClock>(), world.resource::<Data>());
    let Some(book) = world.get::<AbilityBook>(player) else { return Vec::new() };
    let left = book.own_cooldowns().filter_map(|(ability, ready_at)| {
        let left = ready_at.since(clock.now());
        (left > 0).then(|| CooldownLeft { ability: data.abilities.id(ability).to_owned(), left_ms: clock.ms(left) })
    });
    left.collect()
}
