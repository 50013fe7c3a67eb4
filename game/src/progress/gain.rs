//! Gains that wait for the store, and what they do when it has them.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::persist::EventDone;
use realmgate_engine::replication::Shared;
use realmgate_protocol::ids::EventKey;
use realmgate_protocol::realm::{Appearance, Health, ServerMessage};

use crate::data::Data;
use crate::death::Dead;
use crate::spawn::appearance;
use crate::stats::{BuffBonus, Character, EquipmentBonus, Stats};
use crate::tell::Tell;

/// Experience that is handed to the store and not confirmed yet.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PendingExperience(pub u64);

/// What a submitted event is worth, by its key.
#[derive(Resource, Debug, Default)]
pub(super) struct Gains {
    waiting: BTreeMap<EventKey, Gain>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    pub(super) player: Entity,
    pub(super) amount: u64,
    /// Whether the kill itself is counted with it: it is by one of those who shared it.
    pub(super) counts_kill: bool,
}

impl Gains {
    pub(super) fn expect(&mut self, key: EventKey, gain: Gain) {
        self.waiting.insert(key, gain);
    }
}

/// One who gains.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Gainer {
    character: &'static mut Character,
    pending: &'static mut PendingExperience,
    stats: &'static mut Stats,
    health: &'static mut Shared<Health>,
    shown: &'static mut Shared<Appearance>,
    bonuses: (&'static EquipmentBonus, &'static BuffBonus),
    dead: Has<Dead>,
}

pub(super) fn settle(
    data: Res<Data>,
    mut gains: ResMut<Gains>,
    mut done: MessageReader<EventDone>,
    mut gainers: Query<Gainer>,
    mut tell: Tell<'_, '_>,
) {
    for outcome in done.read() {
        let Some(gain) = gains.waiting.remove(&outcome.key) else { continue };
        if outcome.refusal.is_none() && gain.counts_kill {
            metrics::counter!("realmgate_kills_total").increment(1);
        }
        // Who has left since finds it in the store.
        let Ok(mut gainer) = gainers.get_mut(gain.player) else { continue };
        gainer.pending.0 = gainer.pending.0.saturating_sub(gain.amount);
        if outcome.refusal.is_none() {
            gainer.gain(gain, &data, &mut tell);
        }
    }
}

impl GainerItem<'_, '_> {
    fn gain(&mut self, gain: Gain, data: &Data, tell: &mut Tell<'_, '_>) {
        self.character.experience += gain.amount;
        let total = self.character.experience;
        let level = data.world.progress.level_at(total).max(self.character.level);
        tell.send(gain.player, &ServerMessage::Experience { gained: gain.amount, total, level });
        if level > self.character.level {
            metrics::counter!("realmgate_levels_gained_total").increment(u64::from(level - self.character.level));
            self.rise_to(level, data);
            tell.send(gain.player, &ServerMessage::LevelUp { level });
        }
    }

    /// A new level: stronger at once, and whole unless dead.
    fn rise_to(&mut self, level: u16, data: &Data) {
        self.character.level = level;
        let mut bonuses = self.bonuses.0.0;
        bonuses += self.bonuses.1.0;
        let stats = Stats::of_class(&data.classes[self.character.class], level, bonuses);
        *self.stats = stats;
        if !self.dead {
            *self.health = Shared(Health { current: stats.max_health, max: stats.max_health });
        }
        *self.shown = Shared(appearance(&self.character));
    }
}
