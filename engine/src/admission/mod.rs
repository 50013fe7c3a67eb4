//! Decides who may enter a world: the map server's half of the lock state machine.
//!
//! The sidecar announces each character with its ticket, its lock epoch and its whole state ([`Admission::expect`]). A
//! connecting client is identified by its ticket alone, and only if the ticket matches the announcement
//! ([`Admission::admit`]). A ticket admits once. No I/O and no clock: times are milliseconds of one monotonic clock
//! that the host reads.

mod refusal;
mod spectators;
mod spent;

pub use refusal::TicketRefusal;
pub use spectators::{ExpectedSpectator, MAX_SPECTATORS, SpectatorAdmission};

use std::collections::BTreeMap;

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, ServerId, TicketId};
use realmgate_protocol::link::{CharacterLoad, PrepareRefusal};
use realmgate_protocol::ticket::{KeyRing, Ticket};

use crate::transport::SessionId;
use spent::SpentTickets;

/// What this process hosts, and its capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosting {
    /// The hosted maps.
    pub maps: Vec<MapId>,
    /// Number of channels of each map; they are numbered from 1.
    pub channels: u16,
    /// Most characters, expected and present ones counted together.
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
    /// When the announcement expires, in milliseconds of the host's clock. From then on the ticket is refused.
    pub deadline_ms: u64,
    /// The map it enters.
    pub map: MapId,
    /// The channel it enters.
    pub channel: ChannelId,
    /// The fencing token: the epoch of the character's lock.
    pub epoch: LockEpoch,
    /// The character's stored state.
    pub load: CharacterLoad,
    /// The trace of the request that led here, for the log.
    pub trace: String,
}

/// A player that may enter.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The player's connection.
    pub session: SessionId,
    /// The account that logged in.
    pub account: AccountId,
    /// The character's id.
    pub character: CharacterId,
    /// The fencing token for everything written for the character: the epoch of its lock.
    pub epoch: LockEpoch,
    /// The map it enters.
    pub map: MapId,
    /// The channel it enters.
    pub channel: ChannelId,
    /// The character's stored state.
    pub load: CharacterLoad,
    /// The trace of the request that led here, for the log.
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
    /// Creates an admission that expects nobody yet.
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
    ///
    /// # Errors
    /// [`PrepareRefusal::Draining`] after [`Self::drain`], [`PrepareRefusal::NotHosted`] for an unknown map or channel,
    /// [`PrepareRefusal::Full`] without room, and [`PrepareRefusal::StillHere`] when the character is present or
    /// announced under a newer epoch, or when the ticket is spent or belongs to another character.
    pub fn expect(&mut self, expected: Expected) -> Result<(), PrepareRefusal> {
        let character = expected.load.character;
        if self.draining {
            return Err(PrepareRefusal::Draining);
        }
        if !self.hosting.has(expected.map, expected.channel) {
            return Err(PrepareRefusal::NotHosted);
        }
        let known = self.expected.get(&character).map(|known| known.epoch);
        let is_spent = self.spent.why(expected.ticket).is_some();
        let taken = self.by_ticket.get(&expected.ticket).is_some_and(|other| *other != character);
        if taken || !may_be_expected(self.present.contains_key(&character), known, is_spent, expected.epoch) {
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

    /// Sets whether new announcements are refused whatever room there is, since the server cannot keep up.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Withdraws the announcement of a character. Returns whether it was expected under this epoch.
    pub fn cancel(&mut self, character: CharacterId, epoch: LockEpoch) -> bool {
        let known = self.expected.get(&character).is_some_and(|expected| expected.epoch == epoch);
        if known {
            self.forget(character, TicketRefusal::NotExpected);
        }
        known
    }

    /// Admits or refuses a connection by the ticket that its client shows. Refusals are counted by reason.
    ///
    /// # Errors
    /// A [`TicketRefusal`] when the ticket is malformed, signed by an unknown key, forged, for another server or
    /// connection, spent, not expected, expired, or differs from its announcement.
    pub fn admit(
        &mut self,
        session: SessionId,
        ticket: &[u8],
        now_ms: u64,
        keys: &KeyRing,
        server: &ServerId,
    ) -> Result<Admitted, TicketRefusal> {
        let checked = Ticket::open(ticket, keys)
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

    /// Withdraws the announcements whose deadline has passed, and returns their characters and epochs.
    pub fn expire(&mut self, now_ms: u64) -> Vec<(CharacterId, LockEpoch)> {
        let late = self.expected.iter().filter(|(_, expected)| expected.deadline_ms <= now_ms);
        let late: Vec<_> = late.map(|(character, expected)| (*character, expected.epoch)).collect();
        for (character, _) in &late {
            self.forget(*character, TicketRefusal::Expired);
        }
        late
    }

    /// The expected characters and their epochs.
    pub fn expected(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.expected.iter().map(|(character, expected)| (*character, expected.epoch))
    }

    /// Forgets everybody, expected or present. No ticket announced before is valid any more.
    pub fn forget_all(&mut self) {
        while let Some(character) = self.expected.keys().next().copied() {
            self.forget(character, TicketRefusal::NotExpected);
        }
        self.present.clear();
    }

    /// Notes that the character is no longer in any world of this process.
    pub fn left(&mut self, character: CharacterId) {
        self.present.remove(&character);
    }

    /// Notes that a character that had [`left`](Self::left) to travel stays after all, under a new epoch.
    pub fn stayed(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.present.insert(character, epoch);
    }

    /// Refuses announcements from now on. Characters that are expected already may still enter.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// The epoch of a present character's lock; `None` if it is not present.
    pub fn present(&self, character: CharacterId) -> Option<LockEpoch> {
        self.present.get(&character).copied()
    }

    /// Number of tickets that are remembered as spent.
    pub fn spent(&self) -> usize {
        self.spent.len()
    }

    /// Number of expected and present characters together.
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
        // The netcode layer can join one connect token's client id with the ticket in another's user data.
        if ticket.ticket_id.0 != session.client.0 {
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

    /// Withdraws an announcement. Its ticket is refused for this reason from now on.
    fn forget(&mut self, character: CharacterId, why: TicketRefusal) -> Option<Expected> {
        let expected = self.expected.remove(&character)?;
        self.by_ticket.remove(&expected.ticket);
        self.spent.add(expected.ticket, why);
        Some(expected)
    }
}

/// Whether a character may be announced under this epoch: it is not present, it is not announced under a newer epoch,
/// and its ticket is fresh. A spent ticket was used to enter or was given up, and is never valid again. The model of
/// the locks (`tests/model/tests/model/`) calls this too.
pub fn may_be_expected(is_present: bool, known: Option<LockEpoch>, is_spent: bool, epoch: LockEpoch) -> bool {
    !is_present && known.is_none_or(|known| known <= epoch) && !is_spent
}

#[cfg(test)]
mod tests;
