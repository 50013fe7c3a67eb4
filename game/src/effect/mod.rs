//! Lasting effects: damage over time, buffs and roots.

mod hold;
mod tick;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::status;

use crate::combat::Side;
use crate::data::{AbilityIndex, Bonuses};

/// Most lasting effects on one entity. When it is full, the one that would end first is removed.
const MOST: usize = 24;

/// All lasting effects on an entity.
#[derive(Component, Debug, Clone, Default)]
pub struct Effects {
    lasting: Vec<Lasting>,
}

/// A lasting effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// The caster; it may have despawned.
    pub source: Entity,
    /// The side of the source.
    pub side: Side,
    /// The ability that caused it.
    pub ability: AbilityIndex,
    /// Index among the effects of the ability.
    pub index: u8,
    /// What it does.
    pub kind: LastingKind,
    /// First tick at which it no longer applies.
    pub until: Tick,
}

/// What a lasting effect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastingKind {
    /// Damage over time.
    Damage {
        /// Damage of each period, before random spread and armour.
        amount: u32,
        /// Ticks between two instances of damage.
        period: u32,
        /// Tick of the next damage.
        next: Tick,
    },
    /// A buff: bonuses to stats.
    Buff(Bonuses),
    /// Cannot walk.
    Root,
}

impl Effects {
    /// Adds an effect. Replaces the same effect of the same ability from the same source.
    pub fn put(&mut self, new: Lasting) {
        let same = |old: &&mut Lasting| (old.source, old.ability, old.index) == (new.source, new.ability, new.index);
        if let Some(old) = self.lasting.iter_mut().find(same) {
            // Damage over time keeps its rhythm. Otherwise reapplying it within each period would prevent all damage.
            let next = match (old.kind, new.kind) {
                (LastingKind::Damage { next, .. }, LastingKind::Damage { amount, period, .. }) => {
                    LastingKind::Damage { amount, period, next }
                }
                _ => new.kind,
            };
            *old = Lasting { kind: next, ..new };
            return;
        }
        if self.lasting.len() == MOST
            && let Some(first) = (0..MOST).min_by_key(|index| self.lasting[*index].until)
        {
            self.lasting.remove(first);
        }
        self.lasting.push(new);
    }

    /// Whether it is rooted.
    pub fn rooted(&self) -> bool {
        self.lasting.iter().any(|lasting| lasting.kind == LastingKind::Root)
    }

    /// Removes all effects.
    pub fn clear(&mut self) {
        self.lasting.clear();
    }

    /// Whether there are no effects.
    pub fn is_empty(&self) -> bool {
        self.lasting.is_empty()
    }

    /// The flags of [`Status`](realmgate_protocol::realm::Status) that come from lasting effects.
    pub fn flags(&self) -> u16 {
        let flag = |lasting: &Lasting| match lasting.kind {
            LastingKind::Damage { .. } => status::AFFLICTED,
            LastingKind::Buff(_) => status::BUFFED,
            LastingKind::Root => status::ROOTED,
        };
        self.lasting.iter().fold(0, |flags, lasting| flags | flag(lasting))
    }

    fn bonuses(&self) -> Bonuses {
        self.lasting.iter().fold(Bonuses::default(), |mut sum, lasting| {
            if let LastingKind::Buff(bonuses) = lasting.kind {
                sum += bonuses;
            }
            sum
        })
    }
}

/// Applies and ends lasting effects, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EffectSystems;

/// Stops entities that cannot walk, last in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoldSystems;

/// Adds lasting effects.
pub struct EffectPlugin;

impl Plugin for EffectPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, hold::hold.in_set(TickSet::Intent).in_set(HoldSystems)).add_systems(
            TickSchedule,
            (tick::damage_over_time, tick::end, tick::sum_buffs).chain().in_set(TickSet::Combat).in_set(EffectSystems),
        );
    }
}
