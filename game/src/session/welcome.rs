//! The answer to a client's `Hello`: its character and world, the content ids, the map layout and its inventory.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::Body;
use realmgate_engine::channel::ChannelKey;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Player;
use realmgate_engine::replication::NetEntity;
use realmgate_protocol::realm::{ServerMessage, protocol_hash};

use super::content::content;
use super::layout::layout;
use super::{Session, Stage};
use crate::data::{Data, GameData};
use crate::death::Dead;
use crate::inventory::{AwaitsKit, Inventory};
use crate::stats::Character;
use crate::tell::Tell;

/// The messages that are the same for every player, built once: the layout of the largest map takes longer than half
/// a tick.
#[derive(Resource, Debug)]
pub(super) struct Greeting {
    content: ServerMessage,
    layout: ServerMessage,
}

impl Greeting {
    /// The names and rules of the data.
    pub(super) fn content(&self) -> &ServerMessage {
        &self.content
    }

    /// The map.
    pub(super) fn layout(&self) -> &ServerMessage {
        &self.layout
    }

    /// Takes the names and rules of new data.
    pub(super) fn renew(&mut self, data: &GameData) {
        self.content = content(data);
    }
}

impl FromWorld for Greeting {
    fn from_world(world: &mut World) -> Self {
        Self { content: content(world.resource::<Data>()), layout: layout(world.resource::<ChannelMap>()) }
    }
}

/// A player who may wait for its welcome.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Newcomer {
    entity: Entity,
    session: &'static mut Session,
    player: &'static Player,
    id: &'static NetEntity,
    body: &'static Body,
    character: &'static Character,
    inventory: &'static Inventory,
    is_dead: Has<Dead>,
}

/// Welcomes players who have sent `Hello` and whose character is complete, its starter kit included.
pub(super) fn welcome(
    mut newcomers: Query<Newcomer, Without<AwaitsKit>>,
    key: Res<ChannelKey>,
    greeting: Res<Greeting>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut tell: Tell<'_, '_>,
) {
    for mut newcomer in &mut newcomers {
        if newcomer.session.stage != Stage::Greeting {
            continue;
        }
        newcomer.session.stage = Stage::Ready;
        let NewcomerItem { entity, player, character, inventory, is_dead, .. } = newcomer;
        let slots = &data.classes[character.class].abilities;
        tell.send(
            entity,
            &ServerMessage::Welcome {
                protocol_hash: protocol_hash(),
                entity: newcomer.id.0,
                character: player.character,
                map: key.map,
                channel: key.channel,
                tick: clock.now(),
                tick_hz: clock.tick_hz() as u16,
                body_radius: newcomer.body.radius,
                slots: slots.iter().map(|ability| ability.index().0).collect(),
            },
        );
        tell.send(entity, &greeting.content);
        tell.send(entity, &greeting.layout);
        tell.send(
            entity,
            &ServerMessage::Inventory {
                items: inventory.views(),
                gold: inventory.gold(),
                experience: character.experience,
                level: character.level,
                bag_slots: inventory.bag_slots(),
            },
        );
        if is_dead {
            // It has come back to a body that died meanwhile, or has not stood up yet.
            tell.send(entity, &ServerMessage::Died { by: None });
        }
    }
}
