//! The use of abilities: from a wish to what it hits. Players and mobs use the same.

mod aim;
mod begin;
mod cast;
mod go_off;
mod input;
mod refuse;
mod user;

pub use aim::Goal;
pub use begin::UseAbility;
pub use refuse::RefusedAt;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::Cooldowns;

use crate::data::AbilityIndex;

/// The abilities that somebody has, and when each is ready.
#[derive(Component, Debug, Clone, Default)]
pub struct AbilityBook {
    abilities: Vec<AbilityIndex>,
    ready_at: Vec<Tick>,
    all_ready_at: Tick,
}

impl AbilityBook {
    /// A book of abilities by slot, all of them ready.
    pub fn new(abilities: impl IntoIterator<Item = AbilityIndex>) -> Self {
        let abilities: Vec<_> = abilities.into_iter().collect();
        Self { ready_at: vec![Tick(0); abilities.len()], abilities, all_ready_at: Tick(0) }
    }

    /// The abilities by slot.
    pub fn abilities(&self) -> &[AbilityIndex] {
        &self.abilities
    }

    /// The ability on a slot.
    pub fn on_slot(&self, slot: u8) -> Option<AbilityIndex> {
        self.abilities.get(usize::from(slot)).copied()
    }

    /// When an ability is ready; `None` for one that is not in the book.
    pub fn ready_at(&self, ability: AbilityIndex) -> Option<Tick> {
        self.slot_of(ability).map(|slot| self.ready_at[slot])
    }

    /// Whether an ability can be used, as far as waiting goes.
    pub fn is_ready(&self, ability: AbilityIndex, off_global: bool, now: Tick) -> bool {
        let own = self.ready_at(ability).is_some_and(|ready_at| ready_at <= now);
        own && (off_global || self.all_ready_at <= now)
    }

    /// Makes an ability wait.
    pub fn wait(&mut self, ability: AbilityIndex, until: Tick) {
        if let Some(slot) = self.slot_of(ability) {
            self.ready_at[slot] = until;
        }
    }

    /// Makes all abilities wait that heed the global cooldown.
    pub fn wait_all(&mut self, until: Tick) {
        self.all_ready_at = until;
    }

    /// What the player sees of it.
    pub fn to_wire(&self) -> Cooldowns {
        Cooldowns { ready_at: self.ready_at.iter().map(|tick| tick.0).collect() }
    }

    fn slot_of(&self, ability: AbilityIndex) -> Option<usize> {
        self.abilities.iter().position(|other| *other == ability)
    }
}

/// What somebody casts now.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CurrentCast(pub Option<Cast>);

/// A cast that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// Which ability.
    pub ability: AbilityIndex,
    /// What it is aimed at.
    pub goal: Goal,
    /// Since when.
    pub since: Tick,
    /// When it takes effect.
    pub until: Tick,
}

/// Players' commands become uses of abilities, in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbilityInput;

/// Casts begin, break and take effect, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbilitySystems;

/// Owns the use of abilities.
pub struct AbilityPlugin;

impl Plugin for AbilityPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<UseAbility>()
            .add_message::<go_off::GoesOff>()
            .add_systems(TickSchedule, input::read_actions.in_set(TickSet::Intent).in_set(AbilityInput))
            .add_systems(
                TickSchedule,
                (begin::begin_uses, cast::run_casts, go_off::go_off, cast::show_casts)
                    .chain()
                    .in_set(TickSet::Combat)
                    .in_set(AbilitySystems),
            );
    }
}
