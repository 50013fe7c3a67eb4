//! Respawn of dead players.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{At, Push};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::replication::Shared;
use realmgate_protocol::realm::{ClientMessage, Health, Refusal, Resource, ServerMessage};

use super::Dead;
use crate::combat::{InCombat, LastBlow};
use crate::data::Data;
use crate::requests::Request;
use crate::stats::Character;
use crate::tell::Tell;

type Returning<'a> = (
    &'a Character,
    &'a At,
    &'a mut Push,
    &'a mut Shared<Health>,
    &'a mut Shared<Resource>,
    &'a mut InCombat,
    &'a mut LastBlow,
);

pub(super) fn respawn(
    mut commands: Commands<'_, '_>,
    data: Res<Data>,
    map: Res<ChannelMap>,
    mut requests: MessageReader<Request>,
    mut dead: Query<Returning<'_>, With<Dead>>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read().filter(|request| matches!(request.message, ClientMessage::Respawn)) {
        let Ok((character, at, mut push, mut health, mut resource, mut combat, mut blow)) =
            dead.get_mut(request.player)
        else {
            tell.refuse(request.player, "Respawn", Refusal::NotDead);
            continue;
        };
        let share = |of: u16, per_mille: u32| (u32::from(of) * per_mille / 1_000) as u16;
        health.current = share(health.max, data.world.player.respawn_health_per_mille).max(1);
        resource.current = share(resource.max, data.classes[character.class].resource.start_per_mille);
        *push = Push::default();
        *combat = InCombat::default();
        *blow = LastBlow::default();
        commands.entity(request.player).remove::<Dead>().insert(At(map.respawn_for(at.0)));
        tell.send(request.player, &ServerMessage::Respawned);
    }
}
