//! Respawn of dead players.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::{At, Body, Push};
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::map::SpawnPoint;
use realmgate_engine::player::Player;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::realm::{ClientMessage, Health, Refusal, Resource, ServerMessage};

use super::Dead;
use crate::combat::{InCombat, LastBlow, SafeZones};
use crate::data::{Data, GameData};
use crate::requests::Request;
use crate::stats::Character;
use crate::tell::Tell;

/// A dead player.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Fallen {
    player: &'static Player,
    character: &'static Character,
    body: &'static Body,
    at: &'static At,
    push: &'static mut Push,
    health: &'static mut Replicated<Health>,
    resource: &'static mut Replicated<Resource>,
    combat: &'static mut InCombat,
    last_blow: &'static mut LastBlow,
}

impl FallenItem<'_, '_> {
    /// Gives back some health and resource, and forgets the fight.
    fn revive(&mut self, data: &GameData) {
        let share = |of: u16, per_mille: u32| (u32::from(of) * per_mille / 1_000) as u16;
        let class = &data.classes[self.character.class];
        self.health.current = share(self.health.max, data.world.player.respawn_health_per_mille).max(1);
        self.resource.current = share(self.resource.max, class.resource.start_per_mille);
        *self.push = Push::default();
        *self.combat = InCombat::default();
        *self.last_blow = LastBlow::default();
    }
}

pub(super) fn respawn(
    mut requests: PopulatedMessageReader<Request>,
    mut commands: Commands<'_, '_>,
    data: Res<Data>,
    (map, zones): (Res<ChannelMap>, Res<SafeZones>),
    mut dead: Query<Fallen, With<Dead>>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read().filter(|request| matches!(request.message, ClientMessage::Respawn)) {
        let Ok(mut fallen) = dead.get_mut(request.player) else {
            tell.refuse(request.player, request, Refusal::NotDead);
            continue;
        };
        fallen.revive(&data);
        let place = |spawn: &SpawnPoint| spawn.place(&map.grid, fallen.body.radius, fallen.player.character);
        let at = zones.respawn_for(fallen.at.0).map_or(fallen.at.0, place);
        commands.entity(request.player).remove::<Dead>().insert(At(at));
        tell.send(request.player, &ServerMessage::Respawned);
    }
}
