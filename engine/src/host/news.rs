//! What the sidecar's news bring about, for players and channels, and what its silence does when it lasts too long.

use realmgate_protocol::limits::MAX_TRACE_BYTES;
use realmgate_protocol::link::{FromMap, LeaveReason, ToMap};

use super::MapServer;
use super::link::LinkNews;
use super::players::ReturnAsked;
use crate::admission::{Expected, ExpectedSpectator};
use crate::channel::{ChannelKey, ToChannel};

/// Most news of the link that are taken in one tick; the rest waits for the next tick.
const MAX_NEWS_PER_TICK: usize = 512;

impl MapServer {
    pub(super) fn take_news(&mut self, now_ms: u64) {
        for _ in 0..MAX_NEWS_PER_TICK {
            let Some(news) = self.link.next_news() else { return };
            match news {
                LinkNews::Up { resumed } => self.link_up(resumed),
                LinkNews::Lost => self.link.lost(self.now_tick(), &mut self.channels),
                LinkNews::Disowned => self.disowned(),
                LinkNews::Said(message) => self.take_message(*message, now_ms),
            }
        }
    }

    /// The link is up: reclaims the locks still held here, then reports the characters in the worlds.
    fn link_up(&mut self, resumed: bool) {
        self.link.up(&mut self.channels);
        if !resumed {
            self.disowned();
        }
        self.link.reclaim(self.players.held_locks(), self.players.present());
    }

    /// The locks held here belong to others by now: all players are dropped unsaved, and what waits is forgotten.
    fn disowned(&mut self) {
        if self.link.disowned() {
            let players = self.players.count();
            tracing::warn!(players, "other servers own the locks of all players, players disconnected without saving");
            self.players.drop_all(&mut self.channels, &mut self.transports);
        }
    }

    /// Releases all players when the link has been down for too long. Their events still wait for the store. Nobody new
    /// can enter, since nobody is announced.
    pub(super) fn watch_outage(&mut self) {
        let away_s = self.link.outage_s(self.now_tick());
        metrics::gauge!("realmgate_link_offline_seconds").set(f64::from(away_s));
        if self.link.gives_up(self.now_tick()) {
            let players = self.players.count();
            tracing::warn!(away_s, players, "map link down for too long, releasing all players");
            self.players.kick_all(LeaveReason::StoreAway, &mut self.channels);
            self.players.expire_announcements(u64::MAX, &self.link);
        }
    }

    fn take_message(&mut self, message: ToMap, now_ms: u64) {
        let Self { channels, players, spectators, link, transports, .. } = self;
        match message {
            ToMap::Prepare { request, ticket, expires_in_ms, map, channel, epoch, load, trace } => {
                let deadline_ms = now_ms + u64::from(expires_in_ms);
                let trace = Some(trace).filter(|trace| trace.len() <= MAX_TRACE_BYTES).unwrap_or_default();
                let spawn = channels.arrival(ChannelKey { map, channel }, &load);
                let expected = Expected { ticket, deadline_ms, map, channel, epoch, load, trace };
                let refusal = players.expect(expected).err();
                let spawn = spawn.filter(|_| refusal.is_none());
                link.say(FromMap::Prepared { request, refusal, spawn });
            }
            ToMap::Cancel { character, epoch } => players.cancel(character, epoch),
            ToMap::Kick { character, epoch, reason } => players.kick(character, epoch, reason, channels, link),
            ToMap::Fenced { character, epoch } => players.fence(character, epoch, channels),
            ToMap::Committed { batch, outcomes } => link.committed(batch, outcomes, channels),
            ToMap::TravelGranted { character, grant, .. } => {
                players.tell(character, ToChannel::TravelGranted { character, grant }, channels);
            }
            ToMap::TravelRefused { character, epoch, code, .. } => {
                players.travel_refused(character, epoch, code, channels);
            }
            ToMap::Social { character, event } => {
                players.tell(character, ToChannel::Social { character, event }, channels);
            }
            ToMap::Announce { text } => players.announce(&text, channels),
            ToMap::MapChat { map, from, text } => players.chat_on_map(map, &from, &text, channels),
            ToMap::Drain => {
                players.drain(channels);
                spectators.drain(channels, transports);
            }
            ToMap::Watch { request, ticket, expires_in_ms, map, channel } => {
                let deadline_ms = now_ms + u64::from(expires_in_ms);
                let key = ChannelKey { map, channel };
                let refusal = spectators.expect(ExpectedSpectator { ticket, deadline_ms, channel: key }).err();
                let spawn = channels.first_look(key).filter(|_| refusal.is_none());
                link.say(FromMap::Prepared { request, refusal, spawn });
            }
            ToMap::Return { request, ticket, expires_in_ms, character, account, epoch, channel, trace } => {
                let deadline_ms = now_ms + u64::from(expires_in_ms);
                let trace = Some(trace).filter(|trace| trace.len() <= MAX_TRACE_BYTES).unwrap_or_default();
                let back = ReturnAsked { ticket, deadline_ms, character, account, epoch, channel, trace };
                let body = players.expect_return(back, channels);
                link.say(FromMap::BodyFound { request, body });
            }
            ToMap::Settled { character, epoch } => players.settled(character, epoch, transports),
            // The owner of the link handles these. What they mean for the host arrives as other `LinkNews`.
            ToMap::Welcome { .. } | ToMap::Refused { .. } => {}
        }
    }
}
