//! The last word to a player who leaves: said when the store has its last save, not before.
//!
//! Logging out means saved and let go. So what the game tells a leaver in its last tick waits here, with the end of the
//! connection, until the sidecar answers [`ToMap::Settled`](realmgate_protocol::link::ToMap) for the release.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::FromMap;

use super::MapServer;
use crate::outbox::Outbox;
use crate::transport::SessionId;

/// How long a leaver waits for the store; then it hears its last word anyway, and the release is still on its way.
const PATIENCE_S: u32 = 5;

/// A player that has left its world and not yet heard so.
#[derive(Debug)]
struct Farewell {
    session: SessionId,
    epoch: LockEpoch,
    messages: Vec<Vec<u8>>,
    until_tick: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Farewells {
    waiting: BTreeMap<CharacterId, Farewell>,
}

impl Farewells {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Who was released, and under which epoch.
    pub fn epochs(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.waiting.iter().map(|(character, farewell)| (*character, farewell.epoch))
    }
}

impl MapServer {
    /// Takes those who are released in this outbox out of it: their messages and the end of their connection wait.
    pub(super) fn hold_farewells(&mut self, outbox: &mut Outbox) {
        let until_tick = self.status.ticks.load(Ordering::Relaxed) + u64::from(PATIENCE_S * self.config.tick_hz);
        for message in &outbox.link {
            let FromMap::Released { save, .. } = message else { continue };
            let Some(session) = self.routes.session_of(save.character) else { continue };
            let held = outbox.messages.extract_if(.., |(to, _)| *to == session);
            let messages = held.map(|(_, bytes)| bytes).collect();
            let farewell = Farewell { session, epoch: save.epoch, messages, until_tick };
            // Back and gone again before the store has answered for the first time: nobody will answer that one now.
            if let Some(before) = self.farewells.waiting.insert(save.character, farewell) {
                self.say_farewell(before);
            }
        }
    }

    /// Whether the end of this connection waits for a farewell.
    pub(super) fn is_held(&self, session: SessionId) -> bool {
        self.farewells.waiting.values().any(|farewell| farewell.session == session)
    }

    /// The store has the last save of a character, or wants none of it.
    pub(super) fn settled(&mut self, character: CharacterId, epoch: LockEpoch) {
        if self.farewells.waiting.get(&character).is_some_and(|farewell| farewell.epoch == epoch)
            && let Some(farewell) = self.farewells.waiting.remove(&character)
        {
            self.say_farewell(farewell);
        }
    }

    /// Ends the patience of those who have waited long enough.
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

    /// Nobody will answer the releases any more.
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
