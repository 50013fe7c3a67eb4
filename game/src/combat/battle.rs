//! Damage and healing: the only place where health goes down, or goes up through an ability.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::{At, Push};
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Player;
use realmgate_engine::random::ChannelRandom;
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::realm::{CombatKind, Health, Resource, ServerMessage};

use super::formula::{armoured, spread};
use super::vulnerability::Vulnerability;
use super::{InCombat, LastBlow, Side};
use crate::data::{AbilityIndex, Data};
use crate::effect::Effects;
use crate::stats::{Character, Stats};
use crate::tell::{CausedBy, Tell};
use crate::threat::{Healed, ThreatTable};

/// An entity that takes part in combat.
#[derive(QueryData)]
#[query_data(mutable)]
pub struct Fighter {
    pub(super) at: &'static At,
    pub(super) side: &'static Side,
    pub(super) stats: &'static Stats,
    pub(super) character: Option<&'static Character>,
    pub(super) health: &'static mut Replicated<Health>,
    pub(super) effects: &'static mut Effects,
    pub(super) push: &'static mut Push,
    combat: &'static mut InCombat,
    last_blow: &'static mut LastBlow,
    resource: Option<&'static mut Replicated<Resource>>,
    threat: Option<&'static mut ThreatTable>,
    vulnerability: Vulnerability,
}

impl FighterItem<'_, '_> {
    pub(super) fn is_alive(&self) -> bool {
        self.vulnerability.is_present() && self.health.current > 0
    }

    pub(super) fn can_be_harmed_by(&self, side: Side) -> bool {
        self.vulnerability.can_be_harmed_by(side, *self.side) && self.health.current > 0
    }
}

/// One hit of damage, or one heal.
#[derive(Debug, Clone, Copy)]
pub struct Blow {
    /// The caster; it may have despawned.
    pub source: Entity,
    /// The side of the source.
    pub side: Side,
    /// The target.
    pub target: Entity,
    /// The ability that causes it.
    pub ability: AbilityIndex,
    /// Health points, before random spread and armour.
    pub amount: u32,
}

/// Applies damage and healing, and tells the players involved.
#[derive(SystemParam)]
pub struct Battle<'w, 's> {
    pub(super) data: Res<'w, Data>,
    pub(super) clock: Res<'w, TickClock>,
    random: ResMut<'w, ChannelRandom>,
    pub(super) fighters: Query<'w, 's, Fighter>,
    ids: Query<'w, 's, &'static NetEntity>,
    players: Query<'w, 's, (), With<Player>>,
    healed: MessageWriter<'w, Healed>,
    tell: Tell<'w, 's>,
}

impl Battle<'_, '_> {
    /// Deals direct damage. Source and target enter combat, and both may gain resource.
    pub fn strike(&mut self, blow: Blow) {
        if self.harm(blow, CombatKind::Damage) {
            self.gain(blow.source, |rules| rules.per_hit_dealt);
            self.gain(blow.target, |rules| rules.per_hit_taken);
        }
    }

    /// Deals the damage of a damage-over-time effect.
    pub fn damage_over_time(&mut self, blow: Blow) {
        self.harm(blow, CombatKind::Tick);
    }

    fn harm(&mut self, blow: Blow, kind: CombatKind) -> bool {
        let amount = self.strayed(blow.amount);
        let Ok(mut target) = self.fighters.get_mut(blow.target) else { return false };
        if !target.can_be_harmed_by(blow.side) {
            return false;
        }
        let amount = armoured(amount, target.stats.armour, self.data.world.combat.armour_half);
        let taken = amount.min(u32::from(target.health.current));
        // Fits: `taken` is at most the u16 it is subtracted from.
        target.health.current -= taken as u16;
        target.last_blow.set_if_neq(LastBlow(Some(blow.source)));
        if let Some(threat) = &mut target.threat {
            let per_mille = u64::from(self.data.abilities[blow.ability].threat_per_mille);
            let drawn = (u64::from(taken) * per_mille / 1_000).min(u64::from(u32::MAX)) as u32;
            threat.harmed_by(blow.source, drawn.max(1), taken);
        }
        self.fighting(blow.source);
        self.fighting(blow.target);
        self.tell(kind, blow, taken);
        true
    }

    /// Heals the target, up to its maximum health.
    pub fn heal(&mut self, blow: Blow) {
        let amount = self.strayed(blow.amount);
        let Ok(mut target) = self.fighters.get_mut(blow.target) else { return };
        if !target.is_alive() || *target.side != blow.side {
            return;
        }
        let missing = u32::from(target.health.max.saturating_sub(target.health.current));
        let healed = amount.min(missing);
        let fights_until = target.combat.until;
        if healed > 0 {
            target.health.current += healed as u16;
            self.join_fight(blow.source, fights_until);
            self.healed.write(Healed {
                healer: blow.source,
                target: blow.target,
                ability: blow.ability,
                amount: healed,
            });
        }
        self.tell(CombatKind::Heal, blow, healed);
    }

    /// Tells source and target what happened, as far as they are players.
    pub(super) fn tell(&mut self, kind: CombatKind, blow: Blow, amount: u32) {
        let own = blow.source == blow.target;
        let source_hears = self.players.contains(blow.source);
        let target_hears = !own && self.players.contains(blow.target);
        if !source_hears && !target_hears {
            return;
        }
        // 0 is no entity's id: the source has left the world.
        let id = |entity| self.ids.get(entity).map_or(EntityId(0), |id| id.0);
        let message = ServerMessage::Combat {
            kind,
            source: id(blow.source),
            target: id(blow.target),
            ability: Some(blow.ability.0),
            amount,
        };
        let by_another = if source_hears { CausedBy::Another } else { CausedBy::Itself };
        let source = source_hears.then_some((blow.source, CausedBy::Itself));
        let target = target_hears.then_some((blow.target, by_another));
        self.tell.send_each([source, target].into_iter().flatten(), &message);
    }

    /// Starts combat for a harmful effect that deals no damage.
    pub(super) fn provoke(&mut self, source: Entity, target: Entity) {
        if let Ok(mut fighter) = self.fighters.get_mut(target)
            && let Some(threat) = &mut fighter.threat
        {
            threat.add(source, 1);
        }
        self.fighting(source);
        self.fighting(target);
    }

    fn fighting(&mut self, entity: Entity) {
        let until = self.clock.now().after(self.clock.ticks(self.data.world.combat.combat_ms));
        if let Ok(mut fighter) = self.fighters.get_mut(entity) {
            fighter.combat.set_if_neq(InCombat { until });
        }
    }

    /// A healer stays in combat for as long as the fighter it heals. Otherwise it would regenerate in the middle of a
    /// fight, and could leave it at will. Two that heal each other do not prolong it.
    fn join_fight(&mut self, helper: Entity, until: Tick) {
        if let Ok(mut fighter) = self.fighters.get_mut(helper)
            && fighter.combat.until < until
        {
            fighter.combat.until = until;
        }
    }

    fn gain(&mut self, entity: Entity, share: fn(&crate::data::ResourceRules) -> u16) {
        let Ok(fighter) = self.fighters.get_mut(entity) else { return };
        let (Some(character), Some(mut resource)) = (fighter.character, fighter.resource) else { return };
        let gained = share(&self.data.classes[character.class].resource);
        let current = resource.current.saturating_add(gained).min(resource.max);
        let max = resource.max;
        resource.set_if_neq(Replicated(Resource { current, max }));
    }

    fn strayed(&mut self, amount: u32) -> u32 {
        let stray = self.data.world.combat.spread_per_mille as i32;
        spread(amount, self.random.between(-stray, stray))
    }
}
