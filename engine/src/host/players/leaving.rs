//! How players leave: kicked and saved, dropped unsaved (a lock that is lost, which is counted here), lost, or on their way
//! to another world.

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{FromMap, LeaveReason};

use super::PlayerDirectory;
use crate::channel::ToChannel;
use crate::host::channels::{ChannelIndex, ChannelSet};
use crate::host::link::LinkSession;
use crate::outbox::Outbox;
use crate::transport::{SessionId, Transports};

impl PlayerDirectory {
    /// Takes no new players from now on; those present are saved and released.
    pub fn drain(&mut self, channels: &mut ChannelSet) {
        if !std::mem::replace(&mut self.is_draining, true) {
            self.admission.drain();
            self.kick_all(LeaveReason::ServerClosing, channels);
        }
    }

    /// Whether nobody is taken any more.
    pub fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Saves and releases a character, if it is here under this epoch. Otherwise the sidecar is told that nothing of it
    /// is here.
    pub fn kick(
        &mut self,
        character: CharacterId,
        epoch: LockEpoch,
        reason: LeaveReason,
        channels: &mut ChannelSet,
        link: &LinkSession,
    ) {
        if self.is_present(character, epoch) {
            // The request to leave is newer than the request to come back.
            self.admission.cancel_return(character);
            self.tell(character, ToChannel::Kick { character, reason }, channels);
        } else {
            // Expected but not here yet, or long gone: either way there is nothing to save.
            self.admission.cancel(character, epoch);
            link.say(FromMap::Dropped { character, epoch, reason });
        }
    }

    /// Saves and releases every player.
    pub fn kick_all(&self, reason: LeaveReason, channels: &mut ChannelSet) {
        for route in self.routes.iter() {
            channels.tell(route.channel, ToChannel::Kick { character: route.character, reason });
        }
    }

    /// The character's lock belongs to another owner: it is dropped unsaved, or not expected any more.
    pub fn fence(&mut self, character: CharacterId, epoch: LockEpoch, channels: &mut ChannelSet) {
        metrics::counter!("realmgate_locks_lost_total").increment(1);
        self.admission.cancel(character, epoch);
        if self.is_present(character, epoch) {
            self.tell(character, ToChannel::Drop { character, reason: LeaveReason::Replaced }, channels);
        }
    }

    /// All locks belong to others: everybody is dropped unsaved, nobody is expected any more, and those who wait for
    /// the store are told now.
    pub fn drop_all(&mut self, channels: &mut ChannelSet, transports: &mut Transports) {
        for route in self.routes.iter() {
            let (character, reason) = (route.character, LeaveReason::MovedOn);
            channels.tell(route.channel, ToChannel::Drop { character, reason });
        }
        self.admission.forget_all();
        self.farewells.send_all(transports);
    }

    /// A connection is lost. What becomes of the body is up to its world.
    pub fn lost(&mut self, session: SessionId, channels: &mut ChannelSet) {
        if let Some(channel) = self.routes.lose(session) {
            channels.tell(channel, ToChannel::Lost { session });
        }
    }

    /// A client broke the protocol in a way that only the game can detect. Repeat offenders are kicked.
    pub fn violation(&mut self, session: SessionId, channels: &mut ChannelSet) {
        metrics::counter!("realmgate_bad_messages_total").increment(1);
        if let Some(route) = self.routes.violation(session) {
            let (character, reason) = (route.character, LeaveReason::Abuse);
            channels.tell(route.channel, ToChannel::Kick { character, reason });
        }
    }

    /// Notes who leaves a world by this output. Messages to players that are released wait until the store has their
    /// last save.
    pub fn hold_farewells(&mut self, outbox: &mut Outbox, now_tick: u64, transports: &mut Transports) {
        for message in &outbox.link {
            match message {
                FromMap::Released { save, .. } => {
                    let Some(session) = self.routes.session_of(save.character) else { continue };
                    let leaver = (save.character, save.epoch);
                    self.farewells.hold(leaver, session, &mut outbox.messages, now_tick, transports);
                }
                // The travel may lead back to this very server, and is announced before the player has left.
                FromMap::Travel { save, .. } => self.admission.left(save.character),
                _ => {}
            }
        }
    }

    /// The store has the last save of a character, or refuses it: its player is told.
    pub fn settled(&mut self, character: CharacterId, epoch: LockEpoch, transports: &mut Transports) {
        self.farewells.settled(character, epoch, transports);
    }

    /// Tells the players that have waited too long for the store.
    pub fn send_overdue_farewells(&mut self, now_tick: u64, transports: &mut Transports) {
        self.farewells.send_overdue(now_tick, transports);
    }

    /// The player of a session has left its world: ends the session, at once or with its farewell.
    pub fn end(&mut self, session: SessionId, transports: &mut Transports) {
        if let Some(character) = self.routes.remove(session) {
            self.admission.left(character);
        }
        if !self.farewells.is_held(session) {
            transports.disconnect(session);
        }
    }

    /// A channel has failed: its players are disconnected, and their locks released unsaved.
    pub fn channel_failed(&mut self, channel: ChannelIndex, link: &LinkSession, transports: &mut Transports) {
        for (session, route) in self.routes.take_channel(channel) {
            self.admission.left(route.character);
            transports.disconnect(session);
            let (character, epoch, reason) = (route.character, route.epoch, LeaveReason::ChannelFailed);
            link.say(FromMap::Dropped { character, epoch, reason });
        }
    }

    /// All worlds start anew: disconnects whoever is left.
    pub fn disconnect_all(&mut self, transports: &mut Transports) {
        self.routes.take_all().for_each(|session| transports.disconnect(session));
    }

    fn is_present(&self, character: CharacterId, epoch: LockEpoch) -> bool {
        self.routes.of_character(character).is_some_and(|route| route.epoch == epoch)
    }
}
