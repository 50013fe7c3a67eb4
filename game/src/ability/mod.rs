//! The use of abilities, from the request to its hits. Players and mobs share this code.

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

/// The abilities of a player or mob, and when each is off cooldown.
#[derive(Component, Debug, Clone, Default)]
pub struct AbilityBook {
    abilities: Vec<AbilityIndex>,
    ready_at: Vec<Tick>,
    all_ready_at: Tick,
}

impl AbilityBook {
    /// Creates a book of abilities by slot, all of them ready.
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

    /// The tick from which an ability is ready. `None` if it is not in the book.
    pub fn ready_at(&self, ability: AbilityIndex) -> Option<Tick> {
        self.slot_of(ability).map(|slot| self.ready_at[slot])
    }

    /// Whether an ability is off its cooldown and, unless `off_global`, off the global cooldown.
    pub fn is_ready(&self, ability: AbilityIndex, off_global: bool, now: Tick) -> bool {
        let own = self.ready_at(ability).is_some_and(|ready_at| ready_at <= now);
        own && (off_global || self.all_ready_at <= now)
    }

    /// Puts an ability on cooldown until a tick.
    pub fn wait(&mut self, ability: AbilityIndex, until: Tick) {
        if let Some(slot) = self.slot_of(ability) {
            self.ready_at[slot] = until;
        }
    }

    /// Starts the global cooldown, until a tick.
    pub fn wait_all(&mut self, until: Tick) {
        self.all_ready_at = until;
    }

    /// The cooldowns as they are sent to the player.
    pub fn to_wire(&self) -> Cooldowns {
        Cooldowns { ready_at: self.ready_at.iter().map(|tick| tick.0).collect() }
    }

    fn slot_of(&self, ability: AbilityIndex) -> Option<usize> {
        self.abilities.iter().position(|other| *other == ability)
    }
}

/// The cast in progress, if any.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CurrentCast(pub Option<Cast>);

/// A cast in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// The ability being cast.
    pub ability: AbilityIndex,
    /// What it is aimed at.
    pub goal: Goal,
    /// Tick at which the cast began.
    pub since: Tick,
    /// Tick at which it takes effect.
    pub until: Tick,
}

/// Turns the commands of players into uses of abilities, in [`TickSet::Intent`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbilityInput;

/// Begins, interrupts and completes casts, in [`TickSet::Combat`].
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbilitySystems;

/// Adds the use of abilities.
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
