//! Decides who may enter a world: the map server's half of the lock state machine.
//!
//! The sidecar announces each character with its ticket, its lock epoch and its whole state ([`Admission::expect`]). A
//! connecting client is identified by its ticket alone, and only if the ticket matches the announcement
//! ([`Admission::admit`]). The player of a character that is here already is announced without that state
//! ([`Admission::expect_return`]): its body waits for it. A ticket admits once. No I/O and no clock: times are milliseconds of one monotonic clock
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

/// The player of a present character that the sidecar has announced: it comes back over another connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedReturn {
    /// The only ticket that admits it.
    pub ticket: TicketId,
    /// When the announcement expires, in milliseconds of the host's clock. From then on the ticket is refused.
    pub deadline_ms: u64,
    /// The map on which its body stands.
    pub map: MapId,
    /// The channel in which its body stands.
    pub channel: ChannelId,
    /// The fencing token: the epoch of the character's lock.
    pub epoch: LockEpoch,
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns the character.
    pub account: AccountId,
    /// The trace of the request that led here, for the log.
    pub trace: String,
}

/// What a ticket must say.
#[derive(Debug, Clone, Copy)]
struct Announced {
    deadline_ms: u64,
    identity: (CharacterId, AccountId, LockEpoch, MapId, ChannelId),
}

impl From<&Expected> for Announced {
    fn from(expected: &Expected) -> Self {
        let Expected { deadline_ms, map, channel, epoch, load, .. } = expected;
        let identity = (load.character, load.account, *epoch, *map, *channel);
        Self { deadline_ms: *deadline_ms, identity }
    }
}

impl From<&ExpectedReturn> for Announced {
    fn from(expected: &ExpectedReturn) -> Self {
        let ExpectedReturn { deadline_ms, map, channel, epoch, character, account, .. } = expected;
        Self { deadline_ms: *deadline_ms, identity: (*character, *account, *epoch, *map, *channel) }
    }
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
    /// The character's stored state; `None` if the player comes back to its body, which is here.
    pub load: Option<CharacterLoad>,
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
    /// Those of present characters whose players come back.
    returning: BTreeMap<CharacterId, ExpectedReturn>,
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
            returning: BTreeMap::new(),
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

    /// Takes the announcement that the player of a present character comes back over another connection. A newer one
    /// replaces the one before, whose ticket is then void. It is void too when the character leaves. Returns whether the
    /// player is expected: not after [`Self::drain`], where the character is not present under this epoch, or where the
    /// ticket is spent or belongs to another character.
    pub fn expect_return(&mut self, expected: ExpectedReturn) -> bool {
        let ExpectedReturn { ticket, character, epoch, .. } = expected;
        let taken = self.by_ticket.contains_key(&ticket) || self.spent.why(ticket).is_some();
        if self.draining || taken || self.present(character) != Some(epoch) {
            return false;
        }
        self.forget_return(character, TicketRefusal::NotExpected);
        self.by_ticket.insert(ticket, character);
        self.returning.insert(character, expected);
        true
    }

    /// Withdraws the announcement that the player of a character comes back, if there is one.
    pub fn cancel_return(&mut self, character: CharacterId) {
        self.forget_return(character, TicketRefusal::NotExpected);
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
        if let Some(back) = self.forget_return(character, TicketRefusal::Reused) {
            let ExpectedReturn { account, epoch, map, channel, trace, .. } = back;
            return Ok(Admitted { session, account, character, epoch, map, channel, load: None, trace });
        }
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
            load: Some(expected.load),
            trace: expected.trace,
        })
    }

    /// Withdraws the announcements whose deadline has passed, and returns the characters that are not here for that, and
    /// their epochs. Those whose players did not come back stay as they are.
    pub fn expire(&mut self, now_ms: u64) -> Vec<(CharacterId, LockEpoch)> {
        let late = self.expected.iter().filter(|(_, expected)| expected.deadline_ms <= now_ms);
        let late: Vec<_> = late.map(|(character, expected)| (*character, expected.epoch)).collect();
        for (character, _) in &late {
            self.forget(*character, TicketRefusal::Expired);
        }
        let late_to_return = self.returning.values().filter(|back| back.deadline_ms <= now_ms);
        for character in late_to_return.map(|back| back.character).collect::<Vec<_>>() {
            self.forget_return(character, TicketRefusal::Expired);
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
        while let Some(character) = self.returning.keys().next().copied() {
            self.cancel_return(character);
        }
        self.present.clear();
    }

    /// Notes that the character is no longer in any world of this process. Its player cannot come back to it any more.
    pub fn left(&mut self, character: CharacterId) {
        self.cancel_return(character);
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
        let announced = self.announced(ticket.ticket_id).ok_or(TicketRefusal::NotExpected)?;
        let identity = (ticket.character, ticket.account, ticket.epoch, ticket.map, ticket.channel);
        if identity != announced.identity {
            return Err(TicketRefusal::IdentityMismatch);
        }
        if now_ms >= announced.deadline_ms {
            return Err(TicketRefusal::Expired);
        }
        Ok(ticket.character)
    }

    /// What was announced with a ticket. Of a character either its entry is expected or its return, since it is here or not.
    fn announced(&self, ticket: TicketId) -> Option<Announced> {
        let character = self.by_ticket.get(&ticket)?;
        let entry = self.expected.get(character).map(Announced::from);
        entry.or_else(|| self.returning.get(character).map(Announced::from))
    }

    /// Withdraws an announcement. Its ticket is refused for this reason from now on.
    fn forget(&mut self, character: CharacterId, why: TicketRefusal) -> Option<Expected> {
        let expected = self.expected.remove(&character)?;
        self.by_ticket.remove(&expected.ticket);
        self.spent.add(expected.ticket, why);
        Some(expected)
    }

    /// The same for the announcement of a return.
    fn forget_return(&mut self, character: CharacterId, why: TicketRefusal) -> Option<ExpectedReturn> {
        let back = self.returning.remove(&character)?;
        self.by_ticket.remove(&back.ticket);
        self.spent.add(back.ticket, why);
        Some(back)
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
