//! Claims on things on the ground, until the store has answered.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::EventKey;
use realmgate_protocol::link::EventRefusal;

use super::OnGround;
use crate::inventory::Settled;

/// Pending deals that take things from the ground.
#[derive(Resource, Debug, Default)]
pub(super) struct Claims(BTreeMap<EventKey, Claim>);

#[derive(Debug, Clone, Copy)]
struct Claim {
    thing: Entity,
    /// Whether a player picks it up; otherwise it despawns because its time is over.
    picked_up: bool,
}

impl Claims {
    pub(super) fn picked_up(&mut self, key: EventKey, thing: Entity) {
        self.0.insert(key, Claim { thing, picked_up: true });
    }

    pub(super) fn vanishes(&mut self, key: EventKey, thing: Entity) {
        self.0.insert(key, Claim { thing, picked_up: false });
    }
}

/// Despawns things that were taken, and frees those that could not be taken. A thing that the store does not have on
/// the ground is despawned too, since nobody could ever take it.
pub(super) fn finish(
    mut settled: PopulatedMessageReader<Settled>,
    mut commands: Commands,
    mut claims: ResMut<Claims>,
    mut things: Query<&mut OnGround>,
) {
    for outcome in settled.read() {
        let Some(Claim { thing, picked_up }) = claims.0.remove(&outcome.key) else { continue };
        match outcome.refusal {
            None if picked_up => {
                metrics::counter!("realmgate_loot_picked_up_total").increment(1);
                commands.entity(thing).despawn();
            }
            None | Some(EventRefusal::NotOwned) => commands.entity(thing).despawn(),
            Some(_) => {
                if let Ok(mut thing) = things.get_mut(thing) {
                    thing.spoken_for = false;
                }
            }
        }
    }
}
