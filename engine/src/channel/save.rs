//! Saves soft state every few seconds, spread over the ticks.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::SaveSequence;
use realmgate_protocol::link::{FromMap, Save};

use super::depart::Leaving;
use crate::clock::TickClock;
use crate::outbox::Outbox;
use crate::player::{CaptureSoftState, Player, Players, Travelling};
use crate::schedule::{TickSchedule, TickSet};

/// Time between two saves of a player: the most soft state that may be lost.
const SAVE_PERIOD_MS: u32 = 5_000;
/// Time between two ticks in which players are saved, a part of them in each: whoever takes a save in is woken for it, here, at
/// the sidecar and at its database.
const SAVE_TICK_MS: u32 = 250;

pub(super) struct SavePlugin;

impl Plugin for SavePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, save_soft_state.in_set(TickSet::Persist).in_set(SaveSoftState));
    }
}

/// The set of the periodic save, before players depart.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SaveSoftState;

fn save_soft_state(world: &mut World, mut due: Local<Vec<Entity>>) {
    let clock = *world.resource::<TickClock>();
    let (period, save_tick) = (clock.ticks(SAVE_PERIOD_MS), clock.ticks(SAVE_TICK_MS).max(1));
    due.clear();
    let players = world.resource::<Players>();
    let turn = |entity: &Entity| entity.index_u32() % period / save_tick * save_tick;
    due.extend(players.iter().map(|(_, entity)| entity).filter(|entity| clock.every(period, turn(entity))));
    due.retain(|entity| {
        let entity = world.entity(*entity);
        !entity.contains::<Travelling>() && !entity.contains::<Leaving>()
    });
    if due.is_empty() {
        return;
    }
    let saves = due.iter().filter_map(|entity| save_of(world, *entity)).collect();
    world.resource_mut::<Outbox>().link.push(FromMap::Save { saves });
}

/// The next save of a player; increments its sequence number. `None` if the game has not inserted
/// [`CaptureSoftState`].
pub(super) fn save_of(world: &mut World, entity: Entity) -> Option<Save> {
    let capture = *world.get_resource::<CaptureSoftState>()?;
    let soft = capture.0(world, entity);
    let mut player = world.get_mut::<Player>(entity)?;
    player.sequence = SaveSequence(player.sequence.0 + 1);
    Some(Save { character: player.character, epoch: player.epoch, sequence: player.sequence, soft })
}
