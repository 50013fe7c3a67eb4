//! Who may watch: announced by the sidecar, admitted once by a spectator's ticket. Spectators take no player's place, and have
//! a bound of their own.

use std::collections::BTreeMap;

use realmgate_protocol::ids::{ServerId, TicketId};
use realmgate_protocol::link::PrepareRefusal;
use realmgate_protocol::ticket::{KeyRing, SpectatorTicket};

use super::spent::SpentTickets;
use super::{Hosting, TicketRefusal};
use crate::channel::ChannelKey;
use crate::transport::SessionId;

/// Most spectators of a channel, expected and present ones together: what they are sent costs a tick as much as that many
/// players.
pub const MAX_SPECTATORS: usize = 8;

/// A spectator that the sidecar has announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedSpectator {
    /// The only ticket that admits it.
    pub ticket: TicketId,
    /// When the announcement expires, in milliseconds of the host's clock. From then on the ticket is refused.
    pub deadline_ms: u64,
    /// The channel it watches.
    pub channel: ChannelKey,
}

/// The spectators that are expected here and those that watch.
#[derive(Debug)]
pub struct SpectatorAdmission {
    hosting: Hosting,
    draining: bool,
    is_full: bool,
    expected: BTreeMap<TicketId, ExpectedSpectator>,
    watching: BTreeMap<SessionId, ChannelKey>,
    spent: SpentTickets,
}

impl SpectatorAdmission {
    /// Creates an admission that expects nobody yet.
    pub fn new(hosting: Hosting) -> Self {
        Self {
            hosting,
            draining: false,
            is_full: false,
            expected: BTreeMap::new(),
            watching: BTreeMap::new(),
            spent: SpentTickets::default(),
        }
    }

    /// Takes an announcement.
    ///
    /// # Errors
    /// [`PrepareRefusal::Draining`] after [`Self::drain`], [`PrepareRefusal::NotHosted`] for an unknown map or channel,
    /// [`PrepareRefusal::Full`] where [`MAX_SPECTATORS`] watch, or while the server cannot keep up, and
    /// [`PrepareRefusal::StillHere`] when the ticket is known already.
    pub fn expect(&mut self, expected: ExpectedSpectator) -> Result<(), PrepareRefusal> {
        if self.draining {
            return Err(PrepareRefusal::Draining);
        }
        let ChannelKey { map, channel } = expected.channel;
        if !self.hosting.has(map, channel) {
            return Err(PrepareRefusal::NotHosted);
        }
        if self.expected.contains_key(&expected.ticket) || self.spent.why(expected.ticket).is_some() {
            return Err(PrepareRefusal::StillHere);
        }
        if self.is_full || self.count_in(expected.channel) >= MAX_SPECTATORS {
            return Err(PrepareRefusal::Full);
        }
        self.expected.insert(expected.ticket, expected);
        Ok(())
    }

    /// Admits or refuses a connection by the ticket that its client shows, and returns the channel it watches. Refusals are
    /// counted by reason.
    ///
    /// # Errors
    /// A [`TicketRefusal`], as of a player's ticket.
    pub fn admit(
        &mut self,
        session: SessionId,
        ticket: &[u8],
        now_ms: u64,
        keys: &KeyRing,
        server: &ServerId,
    ) -> Result<ChannelKey, TicketRefusal> {
        let checked = SpectatorTicket::open(ticket, keys)
            .map_err(TicketRefusal::from)
            .and_then(|ticket| self.check(&ticket, session, now_ms, server));
        let expected = checked.inspect_err(|refusal| {
            metrics::counter!("realmgate_tickets_refused_total", "reason" => refusal.name()).increment(1);
        })?;
        self.forget(expected.ticket, TicketRefusal::Reused);
        self.watching.insert(session, expected.channel);
        Ok(expected.channel)
    }

    /// Withdraws the announcements whose deadline has passed.
    pub fn expire(&mut self, now_ms: u64) {
        let late = self.expected.values().filter(|expected| expected.deadline_ms <= now_ms);
        let late: Vec<_> = late.map(|expected| expected.ticket).collect();
        late.into_iter().for_each(|ticket| self.forget(ticket, TicketRefusal::Expired));
    }

    /// Notes that a spectator has gone.
    pub fn left(&mut self, session: SessionId) {
        self.watching.remove(&session);
    }

    /// Refuses announcements from now on.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Sets whether new announcements are refused, since the server cannot keep up.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Number of spectators in all channels, without those that are expected.
    pub fn count(&self) -> usize {
        self.watching.len()
    }

    /// Number of those expected in a channel or watching it.
    fn count_in(&self, channel: ChannelKey) -> usize {
        let expected = self.expected.values().filter(|expected| expected.channel == channel).count();
        expected + self.watching.values().filter(|watched| **watched == channel).count()
    }

    fn check(
        &self,
        ticket: &SpectatorTicket,
        session: SessionId,
        now_ms: u64,
        server: &ServerId,
    ) -> Result<ExpectedSpectator, TicketRefusal> {
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
        let expected = *self.expected.get(&ticket.ticket_id).ok_or(TicketRefusal::NotExpected)?;
        if expected.channel != (ChannelKey { map: ticket.map, channel: ticket.channel }) {
            return Err(TicketRefusal::IdentityMismatch);
        }
        if now_ms >= expected.deadline_ms {
            return Err(TicketRefusal::Expired);
        }
        Ok(expected)
    }

    fn forget(&mut self, ticket: TicketId, why: TicketRefusal) {
        if self.expected.remove(&ticket).is_some() {
            self.spent.add(ticket, why);
        }
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::{ChannelId, MapId};

    use super::*;

    const HERE: ChannelKey = ChannelKey { map: MapId(1), channel: ChannelId(1) };
    const OTHER: ChannelKey = ChannelKey { map: MapId(1), channel: ChannelId(2) };

    fn admission() -> SpectatorAdmission {
        SpectatorAdmission::new(Hosting { maps: vec![MapId(1)], channels: 2, capacity: 1 })
    }

    fn expected(ticket: u64, channel: ChannelKey) -> ExpectedSpectator {
        ExpectedSpectator { ticket: TicketId(ticket), deadline_ms: 30_000, channel }
    }

    fn keys() -> KeyRing {
        "a secret of at least thirty-two bytes!".parse().unwrap()
    }

    fn server() -> ServerId {
        "here".parse().unwrap()
    }

    fn sealed(ticket: u64, channel: ChannelKey, server: &str) -> Vec<u8> {
        let ChannelKey { map, channel } = channel;
        let server = server.parse().unwrap();
        SpectatorTicket { ticket_id: TicketId(ticket), map, channel, server, issued_ms: 0, expires_ms: 0 }.seal(&keys())
    }

    fn admit(
        admission: &mut SpectatorAdmission,
        session: u64,
        ticket: &[u8],
        now_ms: u64,
    ) -> Result<ChannelKey, TicketRefusal> {
        admission.admit(SessionId::from(session), ticket, now_ms, &keys(), &server())
    }

    #[test]
    fn a_ticket_admits_once_in_time_here_and_where_it_was_announced() {
        let mut admission = admission();
        assert_eq!(admit(&mut admission, 1, &sealed(1, HERE, "here"), 0), Err(TicketRefusal::NotExpected));
        admission.expect(expected(1, HERE)).unwrap();
        assert_eq!(admit(&mut admission, 1, &sealed(1, HERE, "there"), 0), Err(TicketRefusal::WrongServer));
        assert_eq!(admit(&mut admission, 2, &sealed(1, HERE, "here"), 0), Err(TicketRefusal::ForeignSession));
        assert_eq!(admit(&mut admission, 1, &sealed(1, OTHER, "here"), 0), Err(TicketRefusal::IdentityMismatch));
        assert_eq!(admit(&mut admission, 1, &sealed(1, HERE, "here"), 30_000), Err(TicketRefusal::Expired));
        assert_eq!(admit(&mut admission, 1, &sealed(1, HERE, "here"), 29_999), Ok(HERE), "just in time");
        assert_eq!(admit(&mut admission, 1, &sealed(1, HERE, "here"), 0), Err(TicketRefusal::Reused));
        assert_eq!(admission.expect(expected(1, HERE)), Err(PrepareRefusal::StillHere), "spent");
        for ticket in [2, 3] {
            admission.expect(expected(ticket, HERE)).unwrap();
        }
        admission.expire(29_999);
        assert_eq!(admit(&mut admission, 3, &sealed(3, HERE, "here"), 0), Ok(HERE), "its deadline had not come");
        admission.expire(30_000);
        assert_eq!(admit(&mut admission, 2, &sealed(2, HERE, "here"), 0), Err(TicketRefusal::Expired));
    }

    #[test]
    fn a_channel_has_room_for_few_and_gets_it_back() {
        let mut admission = admission();
        for ticket in 1..=MAX_SPECTATORS as u64 {
            admission.expect(expected(ticket, HERE)).unwrap();
        }
        for ticket in [1, 2] {
            admit(&mut admission, ticket, &sealed(ticket, HERE, "here"), 0).unwrap();
        }
        assert_eq!(admission.expect(expected(50, HERE)), Err(PrepareRefusal::Full));
        admission.expect(expected(51, OTHER)).expect("another channel has room of its own");
        admission.left(SessionId::from(1));
        admission.expect(expected(50, HERE)).expect("one of those who watched has gone");
        assert_eq!(admission.expect(expected(52, HERE)), Err(PrepareRefusal::Full), "one place for one");
    }

    #[test]
    fn nobody_is_expected_where_nothing_is_hosted_or_no_more() {
        let mut admission = admission();
        let nowhere = ChannelKey { map: MapId(1), channel: ChannelId(3) };
        assert_eq!(admission.expect(expected(1, nowhere)), Err(PrepareRefusal::NotHosted));
        admission.set_full(true);
        assert_eq!(admission.expect(expected(1, HERE)), Err(PrepareRefusal::Full));
        admission.set_full(false);
        admission.drain();
        assert_eq!(admission.expect(expected(1, HERE)), Err(PrepareRefusal::Draining));
    }
}
