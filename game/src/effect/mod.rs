//! What lasts on somebody: damage over time, buffs, roots.

mod hold;
mod tick;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::status;

use crate::combat::Side;
use crate::data::{AbilityIndex, Bonuses};

/// What lasts on one at most; the one that would end first makes room.
const MOST: usize = 24;

/// All that lasts on somebody.
#[derive(Component, Debug, Clone, Default)]
pub struct Effects {
    lasting: Vec<Lasting>,
}

/// Something that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// By whom; may be gone.
    pub source: Entity,
    /// The source's side.
    pub side: Side,
    /// By which ability.
    pub ability: AbilityIndex,
    /// Which of the ability's effects.
    pub place: u8,
    /// What it does.
    pub kind: LastingKind,
    /// The first tick without it.
    pub until: Tick,
}

/// What something lasting does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastingKind {
    /// Damage again and again.
    Damage {
        /// How much each time.
        amount: u32,
        /// How often, in ticks.
        period: u32,
        /// When next.
        next: Tick,
    },
    /// Makes stronger.
    Buff(Bonuses),
    /// No walking.
    Root,
}

impl Effects {
    /// Puts something on, or anew where the same one has put the same on before.
    pub fn put(&mut self, new: Lasting) {
        let same = |old: &&mut Lasting| (old.source, old.ability, old.place) == (new.source, new.ability, new.place);
        if let Some(old) = self.lasting.iter_mut().find(same) {
            // What hurts in a rhythm keeps the rhythm, else hitting faster than it would keep it from ever hurting.
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
            && let Some(first) = (0..MOST).min_by_key(|place| self.lasting[*place].until)
        {
            self.lasting.remove(first);
        }
        self.lasting.push(new);
    }

    /// Whether it is held to the spot.
    pub fn rooted(&self) -> bool {
        self.lasting.iter().any(|lasting| lasting.kind == LastingKind::Root)
    }

    /// Takes everything off.
    pub fn clear(&mut self) {
        self.lasting.clear();
    }

    /// Whether nothing lasts.
    pub fn is_empty(&self) -> bool {
        self.lasting.is_empty()
    }

    /// The bits of the wire's status that come from what lasts.
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

/// What lasts acts and ends, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EffectSystems;

/// Those who can not walk are held, last in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoldSystems;

/// Owns what lasts.
pub struct EffectPlugin;

impl Plugin for EffectPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, hold::hold.in_set(TickSet::Intent).in_set(HoldSystems)).add_systems(
            TickSchedule,
            (tick::fester, tick::end, tick::sum_buffs).chain().in_set(TickSet::Combat).in_set(EffectSystems),
        );
    }
}
