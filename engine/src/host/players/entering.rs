//! How players come in: announced by the sidecar, admitted by their ticket.

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{FromMap, LeaveReason, PrepareRefusal};

use super::PlayerDirectory;
use crate::admission::{Admitted, Expected, TicketRefusal};
use crate::channel::{ChannelKey, ToChannel};
use crate::host::channels::ChannelSet;
use crate::host::link::LinkSession;
use crate::transport::SessionId;

impl PlayerDirectory {
    /// Takes the announcement of a character.
    ///
    /// # Errors
    /// As [`Admission::expect`](crate::admission::Admission::expect).
    pub fn expect(&mut self, expected: Expected) -> Result<(), PrepareRefusal> {
        self.admission.expect(expected)
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
        self.routes.add(session, character, epoch, index);
        tracing::info!(%character, %epoch, %map, %channel, trace, "a player is admitted");
        link.say(FromMap::Entered { character, epoch });
        channels.tell(index, ToChannel::Join { session, epoch, load });
        if self.is_draining {
            // Announced before the drain, and let in so that its lock is released in the usual way.
            channels.tell(index, ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
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
