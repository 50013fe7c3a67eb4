//! The use of abilities, from the request to its hits, with the cooldowns that their owner is told. Players and mobs share this code.

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
use realmgate_engine::past::Lag;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::Cooldowns;

use crate::data::{AbilityIndex, GameData};
use crate::requests::Asked;

/// The abilities of a player or mob, and when each is off cooldown.
#[derive(Component, Debug, Clone, Default)]
pub struct AbilityBook {
    slots: Vec<AbilitySlot>,
    /// When the global cooldown ends.
    all_ready_at: Tick,
}

/// An ability in a book.
#[derive(Debug, Clone, Copy)]
struct AbilitySlot {
    ability: AbilityIndex,
    /// Whether the global cooldown does not concern it.
    off_global_cooldown: bool,
    /// When its own cooldown ends.
    ready_at: Tick,
}

impl AbilityBook {
    /// Creates a book of abilities by slot, all of them ready.
    pub fn new(abilities: impl IntoIterator<Item = AbilityIndex>, data: &GameData) -> Self {
        let slot = |ability| AbilitySlot {
            ability,
            off_global_cooldown: data.abilities[ability].off_global_cooldown,
            ready_at: Tick(0),
        };
        Self { slots: abilities.into_iter().map(slot).collect(), all_ready_at: Tick(0) }
    }

    /// Takes these abilities by slot in place of those that it has. Cooldowns go on.
    pub(crate) fn learn(&mut self, abilities: impl IntoIterator<Item = AbilityIndex>, data: &GameData) {
        let mut new = Self::new(abilities, data);
        for slot in &mut new.slots {
            let known = self.slots.iter().find(|known| known.ability == slot.ability);
            slot.ready_at = known.map_or(slot.ready_at, |known| known.ready_at);
        }
        self.slots = new.slots;
    }

    /// The abilities by slot, each with the tick at which its own cooldown ends.
    pub fn own_cooldowns(&self) -> impl Iterator<Item = (AbilityIndex, Tick)> {
        self.slots.iter().map(|slot| (slot.ability, slot.ready_at))
    }

    /// The ability on a slot.
    pub fn on_slot(&self, slot: u8) -> Option<AbilityIndex> {
        self.slots.get(usize::from(slot)).map(|slot| slot.ability)
    }

    /// Whether an ability is in the book.
    pub fn has(&self, ability: AbilityIndex) -> bool {
        self.slots.iter().any(|slot| slot.ability == ability)
    }

    /// Whether an ability is in the book and off its cooldown and, if that concerns it, off the global cooldown.
    pub fn is_ready(&self, ability: AbilityIndex, now: Tick) -> bool {
        self.slots.iter().any(|slot| slot.ability == ability && self.slot_ready_at(slot) <= now)
    }

    /// Puts an ability on cooldown until a tick.
    pub fn wait(&mut self, ability: AbilityIndex, until: Tick) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.ability == ability) {
            slot.ready_at = until;
        }
    }

    /// Starts the global cooldown, until a tick.
    pub fn wait_all(&mut self, until: Tick) {
        self.all_ready_at = until;
    }

    /// The cooldowns as they are sent to the player.
    pub fn to_wire(&self) -> Cooldowns {
        Cooldowns { ready_at: self.slots.iter().map(|slot| self.slot_ready_at(slot).0).collect() }
    }

    fn slot_ready_at(&self, slot: &AbilitySlot) -> Tick {
        if slot.off_global_cooldown { slot.ready_at } else { slot.ready_at.max(self.all_ready_at) }
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
    /// How far behind the present the caster saw others when the cast began. It is taken to be as much at the end.
    pub lag: Lag,
    /// Tick at which the cast began.
    pub since: Tick,
    /// Tick at which it takes effect.
    pub until: Tick,
    /// The command of a player that asked for it.
    pub asked: Option<Asked>,
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
