//! Pending gains of experience, applied once the store has them.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::persist::EventDone;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::ids::EventKey;
use realmgate_protocol::realm::{Appearance, Health, ServerMessage};

use crate::data::Data;
use crate::death::Dead;
use crate::spawn::appearance;
use crate::stats::{BuffBonus, Character, EquipmentBonus, Stats};
use crate::tell::Tell;

/// Experience that was submitted to the store and is not yet confirmed.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PendingExperience(pub u64);

/// Pending gains, by the key of their event.
#[derive(Resource, Debug, Default)]
pub(super) struct Gains {
    waiting: BTreeMap<EventKey, Gain>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Gain {
    pub(super) player: Entity,
    pub(super) amount: u64,
    /// Whether the kill is counted with this gain: only one of those who share a kill counts it.
    pub(super) counts_kill: bool,
}

impl Gains {
    pub(super) fn expect(&mut self, key: EventKey, gain: Gain) {
        self.waiting.insert(key, gain);
    }
}

/// A character that gains experience.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Gainer {
    character: &'static mut Character,
    pending: &'static mut PendingExperience,
    stats: &'static mut Stats,
    health: &'static mut Replicated<Health>,
    shown: &'static mut Replicated<Appearance>,
    bonuses: (&'static EquipmentBonus, &'static BuffBonus),
    dead: Has<Dead>,
}

pub(super) fn settle(
    mut done: PopulatedMessageReader<EventDone>,
    data: Res<Data>,
    mut gains: ResMut<Gains>,
    mut gainers: Query<Gainer>,
    mut tell: Tell<'_, '_>,
) {
    for outcome in done.read() {
        let Some(gain) = gains.waiting.remove(&outcome.key) else { continue };
        if outcome.refusal.is_none() && gain.counts_kill {
            metrics::counter!("realmgate_kills_total").increment(1);
        }
        // A character that has left loads it from the store later.
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

    /// Raises the level. The stats rise at once, and health is filled unless the character is dead.
    fn rise_to(&mut self, level: u16, data: &Data) {
        self.character.level = level;
        let mut bonuses = self.bonuses.0.0;
        bonuses += self.bonuses.1.0;
        let stats = Stats::of_class(&data.classes[self.character.class], level, bonuses);
        *self.stats = stats;
        if !self.dead {
            *self.health = Replicated(Health { current: stats.max_health, max: stats.max_health });
        }
        *self.shown = Replicated(appearance(&self.character));
    }
}
