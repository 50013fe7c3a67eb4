//! Makes the snapshots of spectators: as a player's who stands where they look, without an own entity.

use bevy_ecs::prelude::*;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::wire::snapshot::OwnState;

use super::NetEntities;
use super::slots::Slots;
use super::snapshot::{Client, Own, Scratch, SnapshotSource, write_view};
use super::visible_set::Viewpoint;
use crate::spectator::{Spectator, Spectators};

/// Writes the snapshots of all spectators, after those of players.
pub(super) fn write_spectator_snapshots(
    source: SnapshotSource<'_, '_>,
    entities: Res<NetEntities>,
    mut spectators: ResMut<Spectators>,
    mut scratch: Local<Scratch>,
) {
    // Without spectators nothing is even looked at.
    if spectators.is_empty() {
        return;
    }
    scratch.begin_tick(&source);
    let now = source.now();
    let (watching, output) = spectators.parts();
    for (session, spectator) in watching {
        spectator.at = place_of(spectator, &entities, source.slots()).unwrap_or(spectator.at);
        let client = Client {
            session,
            viewpoint: Viewpoint { own_slot: no_slot(spectator.number), position: spectator.at },
            own: Own { state: OwnState { position: spectator.at, facing: Angle(0) }, entity: None },
            last_command: 0,
            buffered_commands: 0,
        };
        write_view(&client, &mut spectator.view, &source, &mut scratch, &mut output.frames);
        if spectator.view.is_unresponsive(now) {
            output.ended.push(session);
        }
    }
}

/// Where the entity is that a spectator follows.
fn place_of(spectator: &Spectator, entities: &NetEntities, slots: &Slots) -> Option<Position> {
    let slot = slots.of_entity(entities.get(spectator.follow?)?)?;
    Some(slots.position[slot as usize])
}

/// A slot that no entity has, another for each spectator: its turns are taken by it, and nothing is left out for it.
fn no_slot(number: u32) -> u32 {
    u32::MAX - number % 64
}
