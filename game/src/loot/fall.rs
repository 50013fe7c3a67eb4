//! Spawns things on the ground once the store has them there.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::clock::TickClock;
use realmgate_engine::replication::{NetEntities, Replicated};
use realmgate_protocol::ids::{CharacterId, EventKey};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Appearance, EntityKind, GoldAmount};

use super::{Goods, OnGround};
use crate::data::{Data, GameData};
use crate::inventory::Settled;

/// Things to spawn on the ground once their deal is durable.
#[derive(Resource, Debug, Default)]
pub(super) struct Falling(pub BTreeMap<EventKey, Vec<Fall>>);

/// A thing to spawn on the ground.
#[derive(Debug, Clone)]
pub(super) struct Fall {
    pub goods: Goods,
    pub position: Position,
    pub owners: Vec<CharacterId>,
}

pub(super) fn lay_down(
    mut settled: PopulatedMessageReader<Settled>,
    mut commands: Commands,
    mut falling: ResMut<Falling>,
    mut ids: ResMut<NetEntities>,
    clock: Res<TickClock>,
    data: Res<Data>,
) {
    for outcome in settled.read() {
        let Some(things) = falling.0.remove(&outcome.key) else { continue };
        if outcome.refusal.is_some() {
            continue;
        }
        let goods = &data.world.goods;
        for Fall { goods: what, position, owners } in things {
            let appearance = appearance(&what, &data);
            let on_ground = OnGround {
                goods: what,
                owners,
                owned_until: clock.now().after(clock.ticks(goods.loot_owner_ms)),
                vanishes_at: clock.now().after(clock.ticks(goods.loot_lifetime_ms)),
                spoken_for: false,
            };
            let amount = gold_amount(&on_ground.goods);
            let mut thing = commands.spawn((ids.allocate(), At(position), Replicated(appearance), on_ground));
            if let Some(amount) = amount {
                thing.insert(Replicated(amount));
            }
        }
    }
}

fn gold_amount(goods: &Goods) -> Option<GoldAmount> {
    match goods {
        Goods::Item { .. } => None,
        Goods::Gold(gold) => Some(GoldAmount { gold: u32::try_from(*gold).unwrap_or(u32::MAX) }),
    }
}

fn appearance(goods: &Goods, data: &GameData) -> Appearance {
    match goods {
        Goods::Item { definition, .. } => {
            let definition = data.items.find(definition).map_or(0, |item| item.0);
            Appearance { kind: EntityKind::GroundItem, definition, level: 0 }
        }
        Goods::Gold(_) => Appearance { kind: EntityKind::GroundGold, definition: 0, level: 0 },
    }
}
