//! Travel requests over the map link, and their answers.

use bevy_ecs::message::MessageCursor;
use bevy_ecs::prelude::*;
use realmgate_engine::channel::STORE_AWAY;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{CaptureSoftState, TravelAnswered, TravelRequested};
use realmgate_protocol::link::SoftState;
use realmgate_protocol::realm::{Refusal, ServerMessage};

use super::TravelWanted;
use super::step_in::PortalSense;
use crate::requests::Asked;
use crate::tell::Tell;

/// Milliseconds after a refusal in which no portal takes the player.
const REFUSED_PAUSE_MS: u32 = 1_000;

/// What a traveller asked for, for the refusal.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub(super) struct TravelAsked(Asked);

/// Turns travel wishes into requests, with the soft state of the player as it is at the end of the tick.
pub(super) fn ask(world: &mut World, mut cursor: Local<MessageCursor<TravelWanted>>) {
    let wanted: Vec<TravelWanted> = cursor.read(world.resource::<Messages<TravelWanted>>()).copied().collect();
    for wish in wanted {
        let Some(capture) = world.get_resource::<CaptureSoftState>().copied() else { return };
        if world.get_entity(wish.player).is_err() {
            continue;
        }
        let soft = (capture.0)(world, wish.player);
        let arrival = SoftState { map: wish.map, x: wish.to.x, y: wish.to.y, ..soft };
        world.entity_mut(wish.player).insert(TravelAsked(wish.asked));
        world.write_message(TravelRequested { player: wish.player, arrival, channel: wish.channel });
    }
}

/// Sends the ticket to players who may travel, and a refusal to the others.
pub(super) fn tell_answers(
    mut answered: PopulatedMessageReader<TravelAnswered>,
    clock: Res<TickClock>,
    asked: Query<&TravelAsked>,
    mut senses: Query<&mut PortalSense>,
    mut tell: Tell<'_, '_>,
) {
    for TravelAnswered { player, answer } in answered.read() {
        match answer {
            Ok(grant) => {
                metrics::counter!("realmgate_travels_total").increment(1);
                tell.send(*player, &ServerMessage::Travel { grant: grant.clone() });
            }
            Err(code) => {
                let reason = match code.as_str() {
                    STORE_AWAY => Refusal::StoreAway,
                    "RATE_LIMITED" => Refusal::RateLimited,
                    _ => Refusal::TravelFailed,
                };
                let asked = asked.get(*player).map_or(Asked::UNKNOWN, |asked| asked.0);
                tell.refuse(*player, asked, reason);
                if let Ok(mut sense) = senses.get_mut(*player) {
                    sense.quiet_until = clock.now().after(clock.ticks(REFUSED_PAUSE_MS));
                }
            }
        }
    }
}
