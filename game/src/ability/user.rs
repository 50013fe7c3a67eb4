//! The users of abilities, and the checks whether they may use them.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::{At, Heading, Walk};
use realmgate_engine::past::Lag;
use realmgate_engine::replication::Replicated;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{Refusal, Resource};

use super::aim::Caster;
use super::{AbilityBook, CurrentCast};
use crate::combat::{Side, Vulnerability};
use crate::data::{Ability, AbilityIndex};
use crate::stats::{Character, Stats};

/// An entity that uses abilities.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct User {
    pub(super) entity: Entity,
    pub(super) at: &'static At,
    pub(super) side: &'static Side,
    pub(super) stats: &'static Stats,
    pub(super) walk: &'static Walk,
    pub(super) heading: &'static mut Heading,
    pub(super) book: &'static mut AbilityBook,
    pub(super) cast: &'static mut CurrentCast,
    resource: Option<&'static mut Replicated<Resource>>,
    character: Option<&'static Character>,
    vulnerability: Vulnerability,
}

impl UserItem<'_, '_> {
    /// As the caster of an ability, who saw others with this lag.
    pub(super) fn caster(&self, lag: Lag) -> Caster {
        Caster { entity: self.entity, position: self.at.0, looks: self.heading.0, side: *self.side, lag }
    }

    /// Whether it is alive and in this world.
    pub(super) fn is_alive(&self) -> bool {
        self.vulnerability.is_present()
    }

    /// Checks whether the ability may take effect now, apart from its aim.
    pub(super) fn may_use(&self, ability: &Ability) -> Result<(), Refusal> {
        if !self.is_alive() {
            return Err(Refusal::Dead);
        }
        if self.character.is_some_and(|character| character.level < ability.min_level) {
            return Err(Refusal::NoSuchAbility);
        }
        if self.vulnerability.is_in_safe_zone() && !ability.is_friendly() {
            return Err(Refusal::InSafeZone);
        }
        if self.resource.as_ref().is_some_and(|resource| resource.current < ability.cost) {
            return Err(Refusal::TooLittleResource);
        }
        Ok(())
    }

    /// Checks whether the ability may begin now.
    pub(super) fn may_begin(&self, index: AbilityIndex, ability: &Ability, now: Tick) -> Result<(), Refusal> {
        self.may_use(ability)?;
        if self.cast.0.is_some() {
            return Err(Refusal::Busy);
        }
        if !self.book.has(index) {
            return Err(Refusal::NoSuchAbility);
        }
        if self.book.is_ready(index, now) { Ok(()) } else { Err(Refusal::OnCooldown) }
    }

    /// Takes the cost from the resource. Mobs have no resource and pay nothing.
    pub(super) fn pay(&mut self, ability: &Ability) {
        if let Some(resource) = &mut self.resource
            && ability.cost > 0
        {
            resource.current = resource.current.saturating_sub(ability.cost);
        }
    }
}
