//! Predicted uses of abilities: what the player presses shows at once (cooldown, cast bar), and is taken back when the
//! server refuses it.
//!
//! Everything is counted in the server's ticks. A command is expected to be applied in the tick that
//! [`Session::tick_of`](super::Session::tick_of) names; from then on the server's components tell what it has brought
//! about.

use std::collections::VecDeque;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{AbilityInfo, Refusal, status};

use super::Content;
use crate::world::EntityView;

/// Maximum number of uses that are under way. A player who presses more often sees the oldest no longer predicted.
const MAX_USES: usize = 16;

/// A use of an ability that the server has not answered for yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PredictedUse {
    /// The number of the command that asks for it.
    pub command: u32,
    /// The ability slot.
    pub slot: u8,
    /// The ability, an index into [`Content::abilities`].
    pub ability: u16,
    /// The tick in which the server is expected to apply the command.
    pub begins: Tick,
    /// The tick in which it takes effect, at the end of its cast.
    pub takes_effect: Tick,
}

/// A cast under way, for a cast bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// The ability, an index into [`Content::abilities`].
    pub ability: u16,
    /// The tick in which it began.
    pub from: Tick,
    /// The tick in which it takes effect.
    pub until: Tick,
}

/// What the rules say of the player's abilities now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) own: &'a EntityView,
    pub(super) content: &'a Content,
    /// The class's abilities by slot.
    pub(super) slots: &'a [u16],
    pub(super) tick_hz: u16,
}

impl<'a> Known<'a> {
    fn on_slot(&self, slot: u8) -> Option<(u16, &'a AbilityInfo)> {
        let ability = *self.slots.get(usize::from(slot))?;
        Some((ability, self.content.ability(ability)?))
    }

    /// The ticks that cover so many milliseconds, rounded up as the server does.
    fn ticks(&self, ms: u32) -> u32 {
        (u64::from(ms) * u64::from(self.tick_hz)).div_ceil(1_000) as u32
    }

    fn global_cooldown(&self) -> u32 {
        self.ticks(self.content.rules.as_ref().map_or(0, |rules| rules.global_cooldown_ms))
    }

    fn cast_time(&self, ability: u16) -> u32 {
        self.content.ability(ability).map_or(0, |info| self.ticks(info.cast_ms))
    }
}

/// Predicts the uses of the player's abilities.
#[derive(Debug, Default)]
pub(super) struct Abilities {
    uses: VecDeque<PredictedUse>,
    taken_back: Vec<PredictedUse>,
}

impl Abilities {
    /// Predicts the use that a command asks for. An error says why the server would refuse it: then nothing is shown.
    pub(super) fn press(&mut self, known: Known<'_>, command: u32, slot: u8, begins: Tick) -> Result<(), Refusal> {
        self.may_use(known, slot, begins)?;
        let (ability, info) = known.on_slot(slot).ok_or(Refusal::NoSuchAbility)?;
        if self.uses.len() == MAX_USES {
            self.uses.pop_front();
        }
        let takes_effect = begins.after(known.ticks(info.cast_ms));
        self.uses.push_back(PredictedUse { command, slot, ability, begins, takes_effect });
        Ok(())
    }

    /// The server's checks, in its order, as far as a client knows what they need. It does not know lines of sight.
    pub(super) fn may_use(&self, known: Known<'_>, slot: u8, at: Tick) -> Result<(), Refusal> {
        let (_, info) = known.on_slot(slot).ok_or(Refusal::NoSuchAbility)?;
        let own = known.own;
        if own.is_dead() {
            return Err(Refusal::Dead);
        }
        if own.appearance.as_ref().is_some_and(|own| u16::from(own.level) < info.min_level) {
            return Err(Refusal::NoSuchAbility);
        }
        if own.has_status(status::SAFE) && !info.friendly {
            return Err(Refusal::InSafeZone);
        }
        if own.resource.as_ref().is_some_and(|resource| resource.current < info.cost.saturating_add(self.costs(known)))
        {
            return Err(Refusal::TooLittleResource);
        }
        if self.cast(known).is_some_and(|cast| cast.until > at) {
            return Err(Refusal::Busy);
        }
        if self.ready_at(known, slot) > at { Err(Refusal::OnCooldown) } else { Ok(()) }
    }

    /// What the uses under way will still cost.
    fn costs(&self, known: Known<'_>) -> u16 {
        let cost = |of: &PredictedUse| known.content.ability(of.ability).map_or(0, |info| info.cost);
        self.uses.iter().map(cost).fold(0, u16::saturating_add)
    }

    /// Walking breaks a cast that began in an earlier tick, unless the ability allows it.
    pub(super) fn walk(&mut self, known: Known<'_>, at: Tick) {
        let is_broken = |of: &PredictedUse| {
            let allows = known.content.ability(of.ability).is_some_and(|info| info.cast_while_moving);
            of.begins < at && at <= of.takes_effect && of.begins < of.takes_effect && !allows
        };
        self.uses.retain(|of| !is_broken(of));
    }

    /// The server has applied the commands up to this one, and shows the end of a tick. What it has brought about is
    /// in its components by then.
    pub(super) fn observe(&mut self, known: Known<'_>, last_command: u32, shown: Tick) {
        let taken_back = &mut self.taken_back;
        self.uses.retain(|of| match fate(of, known, last_command, shown) {
            Fate::UnderWay => true,
            Fate::Done => false,
            Fate::TakenBack => {
                taken_back.push(*of);
                false
            }
        });
        self.forget_oldest();
    }

    /// The server has refused the use that a command asked for.
    pub(super) fn refused(&mut self, command: u32) {
        let taken_back = &mut self.taken_back;
        self.uses.retain(|of| {
            if of.command == command {
                taken_back.push(*of);
            }
            of.command != command
        });
        self.forget_oldest();
    }

    /// A game that never asks what was refused keeps no more of it than there may be under way.
    fn forget_oldest(&mut self) {
        self.taken_back.drain(..self.taken_back.len().saturating_sub(MAX_USES));
    }

    /// The uses that were shown, and that the server has refused since the last call; the newest where they are many.
    pub(super) fn take_taken_back(&mut self) -> Vec<PredictedUse> {
        std::mem::take(&mut self.taken_back)
    }

    /// The uses that the server has not answered for.
    pub(super) fn uses(&self) -> impl Iterator<Item = &PredictedUse> {
        self.uses.iter()
    }

    /// The tick from which a slot is ready, with what is predicted.
    pub(super) fn ready_at(&self, known: Known<'_>, slot: u8) -> Tick {
        let told = known.own.cooldowns.as_ref().and_then(|own| own.ready_at.get(usize::from(slot)).copied());
        let Some((_, info)) = known.on_slot(slot) else { return Tick(told.unwrap_or(0)) };
        let after = |of: &PredictedUse| {
            let used = known.content.ability(of.ability);
            let global = used.is_some_and(|used| !used.off_global_cooldown) && !info.off_global_cooldown;
            let global = if global { of.begins.after(known.global_cooldown()) } else { Tick(0) };
            let own = if of.slot == slot { of.takes_effect.after(known.ticks(info.cooldown_ms)) } else { Tick(0) };
            global.max(own)
        };
        self.uses.iter().map(after).fold(Tick(told.unwrap_or(0)), Tick::max)
    }

    /// The player's own cast: the server's, or else the newest that is predicted.
    pub(super) fn cast(&self, known: Known<'_>) -> Option<Cast> {
        let told = known.own.casting.as_ref().map(|casting| {
            let until = Tick(casting.until_tick);
            let from = Tick(until.0.saturating_sub(known.cast_time(casting.ability)));
            Cast { ability: casting.ability, from, until }
        });
        let predicted = self.uses.iter().rev().find(|of| of.begins < of.takes_effect);
        told.or_else(|| predicted.map(|of| Cast { ability: of.ability, from: of.begins, until: of.takes_effect }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    UnderWay,
    Done,
    TakenBack,
}

fn fate(of: &PredictedUse, known: Known<'_>, last_command: u32, shown: Tick) -> Fate {
    if last_command < of.command {
        return Fate::UnderWay;
    }
    if of.begins < of.takes_effect {
        let is_cast = known.own.casting.as_ref().is_some_and(|casting| casting.ability == of.ability);
        return match (shown < of.takes_effect, is_cast) {
            (true, true) => Fate::UnderWay,
            // Refused, or the server broke the cast.
            (true, false) => Fate::TakenBack,
            (false, _) => Fate::Done,
        };
    }
    let cooldowns = known.own.cooldowns.as_ref();
    let ready_at = cooldowns.and_then(|own| own.ready_at.get(usize::from(of.slot))).copied();
    let starts_cooldown =
        known.content.ability(of.ability).is_some_and(|info| info.cooldown_ms > 0 || !info.off_global_cooldown);
    // A use that the server has let happen has left a cooldown.
    if starts_cooldown && ready_at.is_some_and(|ready| Tick(ready) <= of.begins) { Fate::TakenBack } else { Fate::Done }
}

#[cfg(test)]
mod tests;
