//! The last messages to a leaving player: sent when the store has the player's last save, not before.
//!
//! Logging out means saved and released. So what the game tells a leaving player in its last tick waits here, together
//! with the disconnect, until the sidecar answers the release with
//! [`ToMap::Settled`](realmgate_protocol::link::ToMap).

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::FromMap;

use super::MapServer;
use crate::outbox::Outbox;
use crate::transport::SessionId;

/// How long a leaving player waits for the store. Then it gets its last messages anyway, while the release is still on
/// its way.
const PATIENCE_S: u32 = 5;

/// A player that has left its world and has not been told yet.
#[derive(Debug)]
struct Farewell {
    session: SessionId,
    epoch: LockEpoch,
    messages: Vec<Vec<u8>>,
    until_tick: u64,
}

/// All players that wait for their last messages.
#[derive(Debug, Default)]
pub(super) struct Farewells {
    waiting: BTreeMap<CharacterId, Farewell>,
}

impl Farewells {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The released characters and the epochs of their locks.
    pub fn epochs(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.waiting.iter().map(|(character, farewell)| (*character, farewell.epoch))
    }
}

impl MapServer {
    /// Holds back the messages to players that are released in this outbox. Their disconnects wait too.
    pub(super) fn hold_farewells(&mut self, outbox: &mut Outbox) {
        let until_tick = self.status.ticks.load(Ordering::Relaxed) + u64::from(PATIENCE_S * self.config.tick_hz);
        for message in &outbox.link {
            let FromMap::Released { save, .. } = message else { continue };
            let Some(session) = self.routes.session_of(save.character) else { continue };
            let held = outbox.messages.extract_if(.., |message| message.session == session);
            let messages = held.map(|message| message.bytes).collect();
            let farewell = Farewell { session, epoch: save.epoch, messages, until_tick };
            // The player came back and left again before the store answered the first release, which nobody will answer
            // now.
            if let Some(before) = self.farewells.waiting.insert(save.character, farewell) {
                self.say_farewell(before);
            }
        }
    }

    /// Whether the disconnect of this connection waits for a farewell.
    pub(super) fn is_held(&self, session: SessionId) -> bool {
        self.farewells.waiting.values().any(|farewell| farewell.session == session)
    }

    /// The store has the last save of a character, or refuses it: sends the farewell.
    pub(super) fn settled(&mut self, character: CharacterId, epoch: LockEpoch) {
        if self.farewells.waiting.get(&character).is_some_and(|farewell| farewell.epoch == epoch)
            && let Some(farewell) = self.farewells.waiting.remove(&character)
        {
            self.say_farewell(farewell);
        }
    }

    /// Sends the farewells that have waited long enough.
    pub(super) fn expire_farewells(&mut self) {
        let now = self.status.ticks.load(Ordering::Relaxed);
        while let Some(character) = self
            .farewells
            .waiting
            .iter()
            .find(|(_, farewell)| farewell.until_tick <= now)
            .map(|(character, _)| *character)
        {
            if let Some(farewell) = self.farewells.waiting.remove(&character) {
                self.say_farewell(farewell);
            }
        }
    }

    /// Sends all farewells, since nobody will answer the releases any more.
    pub(super) fn say_all_farewells(&mut self) {
        for (_, farewell) in std::mem::take(&mut self.farewells.waiting) {
            self.say_farewell(farewell);
        }
    }

    fn say_farewell(&mut self, farewell: Farewell) {
        for bytes in farewell.messages {
            self.transport.send_message(farewell.session, bytes);
        }
        self.transport.disconnect(farewell.session);
    }
}
