//! Who may enter a world: the map server's half of the lock machine.
//!
//! The sidecar announces each character with its ticket, its epoch and its whole state ([`Admission::expect`]). Whoever
//! then connects is believed only what the ticket in its user data says, and only if that is what was announced
//! ([`Admission::admit`]); one ticket admits once. Free of I/O and of any clock: times are milliseconds of one
//! monotonic clock that the host reads.

mod refusal;
mod spent;

pub use refusal::TicketRefusal;

use std::collections::BTreeMap;

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, ServerId, TicketId};
use realmgate_protocol::link::{CharacterLoad, PrepareRefusal};
use realmgate_protocol::ticket::{KeyRing, Ticket};

use crate::transport::SessionId;
use spent::SpentTickets;

/// What this process hosts, and for how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosting {
    /// The maps.
    pub maps: Vec<MapId>,
    /// Channels of each map, numbered from 1.
    pub channels: u16,
    /// Most characters, expected and present ones together.
    pub capacity: usize,
}

impl Hosting {
    fn has(&self, map: MapId, channel: ChannelId) -> bool {
        self.maps.contains(&map) && (1..=self.channels).contains(&channel.0)
    }
}

/// A character that the sidecar has announced.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The only ticket that admits it.
    pub ticket: TicketId,
    /// From when on it is too late.
    pub deadline_ms: u64,
    /// Which map.
    pub map: MapId,
    /// Which channel.
    pub channel: ChannelId,
    /// The epoch of the character's lock.
    pub epoch: LockEpoch,
    /// The character.
    pub load: CharacterLoad,
    /// The request that led here, for the log.
    pub trace: String,
}

/// A player that may enter.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// Its connection.
    pub session: SessionId,
    /// Whose login.
    pub account: AccountId,
    /// Which character.
    pub character: CharacterId,
    /// The epoch of everything that is written for it.
    pub epoch: LockEpoch,
    /// Which map.
    pub map: MapId,
    /// Which channel.
    pub channel: ChannelId,
    /// The character's state.
    pub load: CharacterLoad,
    /// The request that led here, for the log.
    pub trace: String,
}

/// The characters that are expected here and those that are present.
#[derive(Debug)]
pub struct Admission {
    hosting: Hosting,
    draining: bool,
    is_full: bool,
    expected: BTreeMap<CharacterId, Expected>,
    by_ticket: BTreeMap<TicketId, CharacterId>,
    present: BTreeMap<CharacterId, LockEpoch>,
    spent: SpentTickets,
}

impl Admission {
    /// Nobody is expected yet.
    pub fn new(hosting: Hosting) -> Self {
        Self {
            hosting,
            draining: false,
            is_full: false,
            expected: BTreeMap::new(),
            by_ticket: BTreeMap::new(),
            present: BTreeMap::new(),
            spent: SpentTickets::default(),
        }
    }

    /// Takes an announcement. A newer one for the same character replaces the one before, whose ticket is then void.
    pub fn expect(&mut self, expected: Expected) -> Result<(), PrepareRefusal> {
        let character = expected.load.character;
        if self.draining {
            return Err(PrepareRefusal::Draining);
        }
        if !self.hosting.has(expected.map, expected.channel) {
            return Err(PrepareRefusal::NotHosted);
        }
        let superseded = self.expected.get(&character).is_some_and(|known| known.epoch > expected.epoch);
        let taken = self.by_ticket.get(&expected.ticket).is_some_and(|other| *other != character);
        // A spent ticket says that somebody entered by it, or that it was given up: it is never good again.
        if self.present.contains_key(&character) || superseded || taken || self.spent.why(expected.ticket).is_some() {
            return Err(PrepareRefusal::StillHere);
        }
        let is_full = self.is_full || self.count() >= self.hosting.capacity;
        if !self.expected.contains_key(&character) && is_full {
            return Err(PrepareRefusal::Full);
        }
        let ticket = expected.ticket;
        if let Some(before) = self.expected.insert(character, expected)
            && before.ticket != ticket
        {
            self.by_ticket.remove(&before.ticket);
            self.spent.add(before.ticket, TicketRefusal::NotExpected);
        }
        self.by_ticket.insert(ticket, character);
        Ok(())
    }

    /// Whether nobody more is expected, however much room there is: the server can not keep up.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Expects the character no longer. Says whether it was expected under this epoch.
    pub fn cancel(&mut self, character: CharacterId, epoch: LockEpoch) -> bool {
        let known = self.expected.get(&character).is_some_and(|expected| expected.epoch == epoch);
        if known {
            self.forget(character, TicketRefusal::NotExpected);
        }
        known
    }

    /// Decides about a connection by the ticket in its user data; a refusal is counted by its reason.
    pub fn admit(
        &mut self,
        session: SessionId,
        user_data: &[u8],
        now_ms: u64,
        keys: &KeyRing,
        server: &ServerId,
    ) -> Result<Admitted, TicketRefusal> {
        let checked = Ticket::open(user_data, keys)
            .map_err(TicketRefusal::from)
            .and_then(|ticket| self.check(&ticket, session, now_ms, server));
        let character = checked.inspect_err(|refusal| {
            metrics::counter!("realmgate_tickets_refused_total", "reason" => refusal.name()).increment(1);
        })?;
        let Some(expected) = self.forget(character, TicketRefusal::Reused) else {
            return Err(TicketRefusal::NotExpected);
        };
        self.present.insert(character, expected.epoch);
        Ok(Admitted {
            session,
            account: expected.load.account,
            character,
            epoch: expected.epoch,
            map: expected.map,
            channel: expected.channel,
            load: expected.load,
            trace: expected.trace,
        })
    }

    /// Gives up on announced characters whose deadline has passed, and names them.
    pub fn expire(&mut self, now_ms: u64) -> Vec<(CharacterId, LockEpoch)> {
        let late = self.expected.iter().filter(|(_, expected)| expected.deadline_ms <= now_ms);
        let late: Vec<_> = late.map(|(character, expected)| (*character, expected.epoch)).collect();
        for (character, _) in &late {
            self.forget(*character, TicketRefusal::Expired);
        }
        late
    }

    /// The characters that are expected, and their epochs.
    pub fn expected(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.expected.iter().map(|(character, expected)| (*character, expected.epoch))
    }

    /// Nobody is expected or present any more; no ticket that was announced is good.
    pub fn forget_all(&mut self) {
        while let Some(character) = self.expected.keys().next().copied() {
            self.forget(character, TicketRefusal::NotExpected);
        }
        self.present.clear();
    }

    /// The character is no longer in any world of this process.
    pub fn left(&mut self, character: CharacterId) {
        self.present.remove(&character);
    }

    /// A character that had [`left`](Self::left) to travel stays after all, under a new epoch.
    pub fn stayed(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.present.insert(character, epoch);
    }

    /// Announces are refused from now on; who is expected may still come.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// The epoch a present character was admitted under.
    pub fn present(&self, character: CharacterId) -> Option<LockEpoch> {
        self.present.get(&character).copied()
    }

    /// Expected and present characters together.
    pub fn count(&self) -> usize {
        self.expected.len() + self.present.len()
    }

    fn check(
        &self,
        ticket: &Ticket,
        session: SessionId,
        now_ms: u64,
        server: &ServerId,
    ) -> Result<CharacterId, TicketRefusal> {
        if ticket.server != *server {
            return Err(TicketRefusal::WrongServer);
        }
        // The netcode layer can join one token's client id with another token's user data.
        if ticket.ticket_id.0 != session.0 {
            return Err(TicketRefusal::ForeignSession);
        }
        if let Some(why) = self.spent.why(ticket.ticket_id) {
            return Err(why);
        }
        let announced = self.by_ticket.get(&ticket.ticket_id).and_then(|character| self.expected.get(character));
        let expected = announced.ok_or(TicketRefusal::NotExpected)?;
        let same = ticket.character == expected.load.character
            && ticket.account == expected.load.account
            && ticket.epoch == expected.epoch
            && (ticket.map, ticket.channel) == (expected.map, expected.channel);
        if !same {
            return Err(TicketRefusal::IdentityMismatch);
        }
        if now_ms >= expected.deadline_ms {
            return Err(TicketRefusal::Expired);
        }
        Ok(ticket.character)
    }

    /// Takes an announcement back; its ticket will be refused for this reason.
    fn forget(&mut self, character: CharacterId, why: TicketRefusal) -> Option<Expected> {
        let expected = self.expected.remove(&character)?;
        self.by_ticket.remove(&expected.ticket);
        self.spent.add(expected.ticket, why);
        Some(expected)
    }
}

#[cfg(test)]
mod tests;
