//! The persistence port: how a world hands over what must outlive it, without ever blocking.
//!
//! What players own changes by [`OwnedEvent`]s. The world submits an event and goes on. When the store has committed
//! it, [`EventDone`] arrives through the inbox in a later tick, and only then does the game change what it shows.
//!
//! While the store is unreachable, play goes on and events wait in order, up to a limit for each character and one for
//! the channel.

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{CharacterId, EventKey};
use realmgate_protocol::link::{EventRefusal, OwnedEvent};

/// Most events per channel that may wait for their outcome. Beyond that, new ones are refused to the player as busy.
const MAX_PENDING: usize = 4_096;
/// Most events of one character that may wait while the store is unreachable.
pub const MAX_PENDING_AWAY: u16 = 64;

/// The port to which systems submit events.
#[derive(Resource, Debug, Default)]
pub struct PersistPort {
    submitted: Vec<OwnedEvent>,
    /// Each event whose outcome is not known yet, with the characters it concerns.
    pending: BTreeMap<EventKey, Vec<CharacterId>>,
    /// Number of pending events for each character.
    of_character: BTreeMap<CharacterId, u16>,
    /// Number of pending events that concern no character, such as items that fall to the ground or vanish.
    of_nobody: usize,
    /// Most events that may wait in all while the store is unreachable; `None` while it is reachable.
    away: Option<usize>,
}

/// Why an event was not submitted; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSubmitted {
    /// Too many events wait for the store.
    #[error("too many changes are pending")]
    Busy,
    /// The store is unreachable, and no more events may wait for it.
    #[error("the store is unavailable and too many changes are pending")]
    Away,
}

impl PersistPort {
    /// Hands an event over. Its outcome arrives as [`EventDone`] with the same key.
    ///
    /// # Errors
    /// [`NotSubmitted::Busy`] when 4,096 events of this channel are pending, [`NotSubmitted::Away`] when the store is
    /// unreachable and a limit for waiting events is reached: the channel's, or that of a character it concerns.
    pub fn submit(&mut self, event: OwnedEvent) -> Result<(), NotSubmitted> {
        if self.pending.len() >= MAX_PENDING {
            return Err(NotSubmitted::Busy);
        }
        if self.away.is_some_and(|room| !self.may_wait(&event, room)) {
            return Err(NotSubmitted::Away);
        }
        let concerned: Vec<CharacterId> = event.fences.iter().map(|fence| fence.character).collect();
        for character in &concerned {
            *self.of_character.entry(*character).or_default() += 1;
        }
        self.of_nobody += usize::from(concerned.is_empty());
        // An event that was submitted before under the same key counts once.
        if let Some(before) = self.pending.insert(event.key, concerned) {
            self.forget(&before);
        }
        self.submitted.push(event);
        Ok(())
    }

    /// Events that concern no character take at most half of the room, so that they leave some to players.
    fn may_wait(&self, event: &OwnedEvent, room: usize) -> bool {
        let of_each = |character| self.pending_of(character) < MAX_PENDING_AWAY;
        self.pending.len() < room
            && event.fences.iter().all(|fence| of_each(fence.character))
            && (!event.fences.is_empty() || self.of_nobody < room / 2)
    }

    /// Number of events whose outcome is not known yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Number of those events that concern this character.
    pub fn pending_of(&self, character: CharacterId) -> u16 {
        self.of_character.get(&character).copied().unwrap_or(0)
    }

    /// Whether the store is unreachable.
    pub fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// The events that were submitted and not drained yet.
    pub(crate) fn submitted(&self) -> &[OwnedEvent] {
        &self.submitted
    }

    pub(crate) fn drain(&mut self) -> Vec<OwnedEvent> {
        std::mem::take(&mut self.submitted)
    }

    pub(crate) fn done(&mut self, key: EventKey) {
        if let Some(concerned) = self.pending.remove(&key) {
            self.forget(&concerned);
        }
    }

    /// Marks the store as unreachable, with room for this many waiting events; `None` marks it as reachable.
    pub(crate) fn set_away(&mut self, room: Option<usize>) {
        self.away = room;
    }

    fn forget(&mut self, concerned: &[CharacterId]) {
        for character in concerned {
            if let Some(count) = self.of_character.get_mut(character) {
                *count -= 1;
                if *count == 0 {
                    self.of_character.remove(character);
                }
            }
        }
        self.of_nobody -= usize::from(concerned.is_empty());
    }
}

/// The outcome of a submitted event.
#[derive(Message, Debug, Clone, Copy)]
pub struct EventDone {
    /// The key under which the event was submitted.
    pub key: EventKey,
    /// Why the event was refused; `None` when it is durable.
    pub refusal: Option<EventRefusal>,
}

/// The plugin that provides the port.
pub struct PersistPlugin;

impl Plugin for PersistPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<PersistPort>().add_message::<EventDone>();
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::LockEpoch;
    use realmgate_protocol::link::Fence;

    use super::*;

    fn event(key: u8, of: &[u8]) -> OwnedEvent {
        let fence = |who: &u8| Fence { character: CharacterId([*who; 16]), epoch: LockEpoch(1) };
        OwnedEvent {
            key: EventKey([key; 16]),
            reason: "test".to_owned(),
            fences: of.iter().map(fence).collect(),
            changes: Vec::new(),
        }
    }

    fn pending_of(port: &PersistPort, character: u8) -> u16 {
        port.pending_of(CharacterId([character; 16]))
    }

    #[test]
    fn each_character_has_its_bound_while_the_store_is_away() {
        let mut port = PersistPort::default();
        port.set_away(Some(1_000));
        for key in 0..MAX_PENDING_AWAY as u8 {
            assert_eq!(port.submit(event(key, &[1])), Ok(()));
        }
        assert_eq!(port.submit(event(200, &[1])), Err(NotSubmitted::Away));
        for trade in [[1, 2], [2, 1]] {
            assert_eq!(port.submit(event(201, &trade)), Err(NotSubmitted::Away), "a trade needs room on both sides");
        }
        assert_eq!((pending_of(&port, 2), port.submitted().len()), (0, 64), "what is refused does not wait");
        assert_eq!(port.submit(event(202, &[2])), Ok(()));
        port.done(EventKey([0; 16]));
        assert_eq!((pending_of(&port, 1), port.submit(event(203, &[1]))), (63, Ok(())));
        assert_eq!(port.submit(event(204, &[1])), Err(NotSubmitted::Away), "one outcome makes room for one");
        port.set_away(None);
        assert_eq!(port.submit(event(205, &[1])), Ok(()), "a store that is there takes more");
    }

    #[test]
    fn the_channel_has_its_bound_and_what_nobody_asked_for_half_of_it() {
        let mut port = PersistPort::default();
        port.set_away(Some(4));
        assert_eq!([1, 2].map(|key| port.submit(event(key, &[]))), [Ok(()); 2]);
        assert_eq!(port.submit(event(3, &[])), Err(NotSubmitted::Away));
        assert_eq!([4, 5].map(|key| port.submit(event(key, &[key]))), [Ok(()); 2]);
        assert_eq!(port.submit(event(6, &[6])), Err(NotSubmitted::Away));
        port.done(EventKey([1; 16]));
        assert_eq!(port.submit(event(7, &[])), Ok(()));
        port.set_away(None);
        let numbered = |number: u128| OwnedEvent { key: EventKey(number.to_be_bytes()), ..event(0, &[]) };
        let more = (0..10_000).take_while(|number| port.submit(numbered(*number)).is_ok()).count();
        assert_eq!((more, port.pending()), (4_092, 4_096), "that of a store that is there is wider");
        assert_eq!(port.submit(event(8, &[8])), Err(NotSubmitted::Busy));
    }

    #[test]
    fn what_is_asked_for_twice_under_one_key_counts_once() {
        for of in [&[1][..], &[]] {
            let mut port = PersistPort::default();
            assert_eq!([9, 9].map(|key| port.submit(event(key, of))), [Ok(()); 2]);
            let counted = |port: &PersistPort| (port.pending(), pending_of(port, 1), port.of_nobody);
            assert_eq!(counted(&port), (1, of.len() as u16, 1 - of.len()));
            (0..2).for_each(|_| port.done(EventKey([9; 16])));
            assert_eq!(counted(&port), (0, 0, 0));
        }
    }
}
