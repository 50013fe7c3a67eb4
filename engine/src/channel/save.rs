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
    let period = clock.ticks(SAVE_PERIOD_MS);
    due.clear();
    let players = world.resource::<Players>();
    due.extend(players.iter().map(|(_, entity)| entity).filter(|entity| clock.every(period, entity.index_u32())));
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
