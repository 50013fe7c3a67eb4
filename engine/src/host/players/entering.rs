//! How players come in: announced by the sidecar, admitted by their ticket.

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, TicketId};
use realmgate_protocol::link::{BodyPlace, FromMap, LeaveReason, PrepareRefusal};

use super::PlayerDirectory;
use crate::admission::{Admitted, Expected, ExpectedReturn, TicketRefusal};
use crate::channel::{ChannelKey, ToChannel};
use crate::host::channels::{ChannelIndex, ChannelSet};
use crate::host::link::LinkSession;
use crate::transport::SessionId;

/// The request of the sidecar that a player may come back to its body.
pub(in crate::host) struct ReturnAsked {
    /// The only ticket that admits it.
    pub ticket: TicketId,
    /// When the announcement expires, in milliseconds of the host's clock.
    pub deadline_ms: u64,
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns the character.
    pub account: AccountId,
    /// The epoch of the character's lock.
    pub epoch: LockEpoch,
    /// The channel that the player wants; `None` for the one in which the body stands.
    pub channel: Option<ChannelId>,
    /// The trace of the request that led here, for the log.
    pub trace: String,
}

impl PlayerDirectory {
    /// Takes the announcement of a character.
    ///
    /// # Errors
    /// As [`Admission::expect`](crate::admission::Admission::expect).
    pub fn expect(&mut self, expected: Expected) -> Result<(), PrepareRefusal> {
        self.admission.expect(expected)
    }

    /// Takes the announcement that the player of a body here comes back to it. Returns where the body is; `None` if there is
    /// none that it may come back to.
    pub fn expect_return(&mut self, back: ReturnAsked, channels: &mut ChannelSet) -> Option<BodyPlace> {
        let ReturnAsked { ticket, deadline_ms, character, account, epoch, channel: wanted, trace } = back;
        let index = self.routes.of_character(character).filter(|route| route.epoch == epoch)?.channel;
        let ChannelKey { map, channel } = channels.channel(index).settings().key;
        let position = channels.channel(index).body_of(character)?;
        if wanted.is_some_and(|wanted| wanted != channel) {
            return None;
        }
        let expected = ExpectedReturn { ticket, deadline_ms, map, channel, epoch, character, account, trace };
        if !self.admission.expect_return(expected) {
            return None;
        }
        channels.tell(index, ToChannel::Awaited { character });
        Some(BodyPlace { map, channel, position })
    }

    /// Withdraws the announcement of a character, if it is expected under this epoch.
    pub fn cancel(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.admission.cancel(character, epoch);
    }

    /// Withdraws the announcements whose deadline has passed.
    pub fn expire_announcements(&mut self, now_ms: u64, link: &LinkSession) {
        for (character, epoch) in self.admission.expire(now_ms) {
            link.say(FromMap::Expired { character, epoch });
        }
    }

    /// Lets a session into its channel if its ticket is admitted.
    ///
    /// # Errors
    /// Why the ticket is refused. The session must then be ended.
    pub fn connect(
        &mut self,
        session: SessionId,
        ticket: &[u8],
        now_ms: u64,
        channels: &mut ChannelSet,
        link: &LinkSession,
    ) -> Result<(), TicketRefusal> {
        let admitted = self.admission.admit(session, ticket, now_ms, &self.keys, &self.server)?;
        let Admitted { character, epoch, map, channel, load, trace, .. } = admitted;
        let Some(index) = channels.find(ChannelKey { map, channel }) else {
            self.admission.left(character);
            return Err(TicketRefusal::NotExpected);
        };
        let Some(load) = load else {
            tracing::info!(%character, %epoch, %map, %channel, trace, "player admitted to its body");
            return self.come_back(session, character, index, channels, link);
        };
        self.routes.add(session, character, epoch, index);
        tracing::info!(%character, %epoch, %map, %channel, trace, "player admitted");
        link.say(FromMap::Entered { character, epoch });
        channels.tell(index, ToChannel::Join { session, epoch, load });
        if self.is_draining {
            // Announced before the drain, and let in so that its lock is released in the usual way.
            channels.tell(index, ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
        Ok(())
    }

    /// Gives a body that is here to another session of its player. The session before is not routed any more; its channel
    /// ends it.
    fn come_back(
        &mut self,
        session: SessionId,
        character: CharacterId,
        channel: ChannelIndex,
        channels: &mut ChannelSet,
        link: &LinkSession,
    ) -> Result<(), TicketRefusal> {
        channels.channel(channel).body_of(character).ok_or(TicketRefusal::NotExpected)?;
        let epoch = self.routes.reconnect(session, character).ok_or(TicketRefusal::NotExpected)?;
        link.say(FromMap::Entered { character, epoch });
        channels.tell(channel, ToChannel::Return { session, character });
        Ok(())
    }

    /// Sets whether new announcements are refused whatever room there is, since the server cannot keep up.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
        self.admission.set_full(is_full);
    }

    /// A travel was refused: the character stays, under a new epoch.
    pub fn travel_refused(
        &mut self,
        character: CharacterId,
        epoch: LockEpoch,
        code: String,
        channels: &mut ChannelSet,
    ) {
        if self.routes.set_epoch(character, epoch) {
            self.admission.stayed(character, epoch);
        }
        self.tell(character, ToChannel::TravelRefused { character, epoch, code }, channels);
    }
}
