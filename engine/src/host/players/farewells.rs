//! The last messages to a leaving player: sent when the store has the player's last save, not before.
//!
//! Logging out means saved and released. So what the game tells a leaving player in its last tick waits here, together
//! with the disconnect, until the sidecar answers the release with
//! [`ToMap::Settled`](realmgate_protocol::link::ToMap).

use std::collections::BTreeMap;

use realmgate_protocol::ids::{CharacterId, LockEpoch};

use crate::outbox::OutMessage;
use crate::transport::{SessionId, Transports};

/// How long a leaving player waits for the store. Then it gets its last messages anyway, while the release is still on
/// its way.
const PATIENCE_S: u32 = 5;

/// A player that has left its world and has not been told yet.
#[derive(Debug)]
struct Farewell {
    session: SessionId,
    epoch: LockEpoch,
    messages: Vec<OutMessage>,
    until_tick: u64,
}

impl Farewell {
    fn send(self, transports: &mut Transports) {
        self.messages.into_iter().for_each(|message| transports.send(message));
        transports.disconnect(self.session);
    }
}

/// All players that wait for their last messages.
#[derive(Debug)]
pub(super) struct Farewells {
    waiting: BTreeMap<CharacterId, Farewell>,
    patience_ticks: u64,
}

impl Farewells {
    pub fn new(tick_hz: u32) -> Self {
        Self { waiting: BTreeMap::new(), patience_ticks: u64::from(PATIENCE_S * tick_hz) }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The released characters and the epochs of their locks.
    pub fn epochs(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.waiting.iter().map(|(character, farewell)| (*character, farewell.epoch))
    }

    /// Whether the disconnect of this session waits for a farewell.
    pub fn is_held(&self, session: SessionId) -> bool {
        self.waiting.values().any(|farewell| farewell.session == session)
    }

    /// Holds back the messages to a character that is released in this tick.
    pub fn hold(
        &mut self,
        (character, epoch): (CharacterId, LockEpoch),
        session: SessionId,
        messages: &mut Vec<OutMessage>,
        now_tick: u64,
        transports: &mut Transports,
    ) {
        let held = messages.extract_if(.., |message| message.session == session);
        // The last words are the player's own, whoever caused them.
        let messages = held.map(|message| OutMessage { of_others: false, ..message }).collect();
        let farewell = Farewell { session, epoch, messages, until_tick: now_tick + self.patience_ticks };
        // The player came back and left again before the store answered the first release, which nobody will answer
        // now.
        if let Some(before) = self.waiting.insert(character, farewell) {
            before.send(transports);
        }
    }

    /// The store has the last save of a character, or refuses it: sends the farewell.
    pub fn settled(&mut self, character: CharacterId, epoch: LockEpoch, transports: &mut Transports) {
        if self.waiting.get(&character).is_some_and(|farewell| farewell.epoch == epoch)
            && let Some(farewell) = self.waiting.remove(&character)
        {
            farewell.send(transports);
        }
    }

    /// Sends the farewells that have waited long enough.
    pub fn send_overdue(&mut self, now_tick: u64, transports: &mut Transports) {
        for (_, farewell) in self.waiting.extract_if(.., |_, farewell| farewell.until_tick <= now_tick) {
            farewell.send(transports);
        }
    }

    /// Sends all farewells, since nobody will answer the releases any more.
    pub fn send_all(&mut self, transports: &mut Transports) {
        for (_, farewell) in std::mem::take(&mut self.waiting) {
            farewell.send(transports);
        }
    }
}
