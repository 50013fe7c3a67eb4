//! The host's side of the map link: what the sidecar says goes to admission and channels, what channels say goes out.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};

use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch};
use realmgate_protocol::limits::MAX_TRACE_BYTES;
use realmgate_protocol::link::{EventOutcome, FromMap, LeaveReason, OwnedEvent, ToMap};

use super::MapServer;
use crate::admission::Expected;
use crate::channel::{ChannelKey, ToChannel};
use crate::transport::SessionId;

/// Most link messages taken in one tick; the rest wait for the next.
const MAX_LINK_MESSAGES_PER_TICK: usize = 512;

/// What whoever holds the link tells the host.
#[derive(Debug)]
pub enum LinkNews {
    /// The sidecar has welcomed us. The host answers with one `Reclaim` of all that it holds; what it said before that
    /// was said to the link before.
    Up {
        /// Whether what this server held may be its own still.
        resumed: bool,
    },
    /// The link is down.
    Lost,
    /// What this server held is others' by now.
    Disowned,
    /// The sidecar says something, other than `Welcome` and `Refused`.
    Said(Box<ToMap>),
}

impl From<ToMap> for LinkNews {
    fn from(message: ToMap) -> Self {
        Self::Said(Box::new(message))
    }
}

/// The two queues to whoever holds the link.
pub struct LinkEnds {
    /// What comes from it.
    pub incoming: Receiver<LinkNews>,
    /// What this server says, in order.
    pub outgoing: Sender<FromMap>,
}

/// Events on their way: batches whose outcome is not known, and the one of this tick.
#[derive(Debug, Default)]
pub(super) struct Batches {
    last: u64,
    /// For each event of a batch, the place of the channel that submitted it.
    waiting: BTreeMap<BatchId, Vec<usize>>,
    events: Vec<OwnedEvent>,
    channels: Vec<usize>,
    /// What was said after the events of this tick, and must stay after them.
    after: Vec<FromMap>,
}

impl Batches {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.events.is_empty()
    }

    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// Events whose outcome is not known.
    pub fn event_count(&self) -> usize {
        self.waiting.values().map(Vec::len).sum()
    }
}

impl MapServer {
    pub(super) fn take_link_messages(&mut self, now_ms: u64) {
        for _ in 0..MAX_LINK_MESSAGES_PER_TICK {
            let Ok(news) = self.link.incoming.try_recv() else { return };
            match news {
                LinkNews::Up { resumed } => self.link_up(resumed),
                LinkNews::Lost => self.link_lost(),
                LinkNews::Disowned => self.disowned(),
                LinkNews::Said(message) => self.take_link_message(*message, now_ms),
            }
        }
    }

    fn take_link_message(&mut self, message: ToMap, now_ms: u64) {
        match message {
            ToMap::Prepare { request, ticket, expires_in_ms, map, channel, epoch, load, trace } => {
                let deadline_ms = now_ms + u64::from(expires_in_ms);
                let trace = Some(trace).filter(|trace| trace.len() <= MAX_TRACE_BYTES).unwrap_or_default();
                let expected = Expected { ticket, deadline_ms, map, channel, epoch, load, trace };
                let refusal = self.admission.expect(expected).err();
                self.say(FromMap::Prepared { request, refusal });
            }
            ToMap::Cancel { character, epoch } => {
                self.admission.cancel(character, epoch);
            }
            ToMap::Kick { character, epoch, reason } => self.kick(character, epoch, reason),
            ToMap::Fenced { character, epoch } => {
                metrics::counter!("realmgate_locks_lost_total").increment(1);
                self.admission.cancel(character, epoch);
                if self.routes.of_character(character).is_some_and(|route| route.epoch == epoch) {
                    self.tell_player(character, ToChannel::Drop { character, reason: LeaveReason::Replaced });
                }
            }
            ToMap::Committed { batch, outcomes } => self.committed(batch, outcomes),
            ToMap::TravelGranted { character, grant, .. } => {
                self.tell_player(character, ToChannel::TravelGranted { character, grant });
            }
            ToMap::TravelRefused { character, epoch, code, .. } => {
                if let Some(route) = self.routes.of_character(character) {
                    route.epoch = epoch;
                    self.admission.stayed(character, epoch);
                }
                self.tell_player(character, ToChannel::TravelRefused { character, epoch, code });
            }
            ToMap::Social { character, event } => self.tell_player(character, ToChannel::Social { character, event }),
            ToMap::Drain => self.drain(),
            ToMap::Settled { character, epoch } => self.settled(character, epoch),
            // Whoever holds the link has read these; what they mean for the host is news of its own.
            ToMap::Welcome { .. } | ToMap::Refused { .. } => {}
        }
    }

    fn kick(&mut self, character: CharacterId, epoch: LockEpoch, reason: LeaveReason) {
        if self.routes.of_character(character).is_some_and(|route| route.epoch == epoch) {
            self.tell_player(character, ToChannel::Kick { character, reason });
        } else {
            // Expected but not here yet, or long gone: either way there is nothing to save.
            self.admission.cancel(character, epoch);
            self.say(FromMap::Dropped { character, epoch, reason });
        }
    }

    fn committed(&mut self, batch: BatchId, outcomes: Vec<EventOutcome>) {
        let Some(channels) = self.batches.waiting.remove(&batch) else { return };
        let mut by_channel: BTreeMap<usize, Vec<EventOutcome>> = BTreeMap::new();
        for (channel, outcome) in channels.into_iter().zip(outcomes) {
            by_channel.entry(channel).or_default().push(outcome);
        }
        for (channel, outcomes) in by_channel {
            if let Some(running) = self.channels.get_mut(channel) {
                running.inbox.push(ToChannel::Committed { outcomes });
            }
        }
    }

    fn tell_player(&mut self, character: CharacterId, event: ToChannel) {
        if let Some(route) = self.routes.of_character(character) {
            self.channels[route.channel].inbox.push(event);
        }
    }

    /// Decides about a connection by its ticket, and lets it into its channel.
    pub(super) fn connect(&mut self, session: SessionId, user_data: &[u8], now_ms: u64) {
        let admitted = self.admission.admit(session, user_data, now_ms, &self.config.keys, &self.config.server);
        let Ok(admitted) = admitted else { return self.transport.disconnect(session) };
        let key = ChannelKey { map: admitted.map, channel: admitted.channel };
        let Some(at) = self.channels.iter().position(|running| running.channel.settings().key == key) else {
            self.admission.left(admitted.character);
            return self.transport.disconnect(session);
        };
        self.routes.add(session, admitted.character, admitted.epoch, at);
        tracing::info!(
            character = %admitted.character,
            epoch = %admitted.epoch,
            map = %admitted.map,
            channel = %admitted.channel,
            trace = admitted.trace,
            "a player is admitted"
        );
        self.say(FromMap::Entered { character: admitted.character, epoch: admitted.epoch });
        let character = admitted.character;
        self.channels[at].inbox.push(ToChannel::Join { session, epoch: admitted.epoch, load: admitted.load });
        if self.draining {
            // Announced before the drain, and let in so that its lock is let go by the usual way.
            self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
    }

    pub(super) fn expire_tickets(&mut self, now_ms: u64) {
        for (character, epoch) in self.admission.expire(now_ms) {
            self.say(FromMap::Expired { character, epoch });
        }
    }

    /// Takes what a channel has for the sidecar: its events join this tick's batch, the rest follows them.
    pub(super) fn send_from_channel(&mut self, at: usize, events: Vec<OwnedEvent>, messages: Vec<FromMap>) {
        if self.outage.starts_anew {
            return;
        }
        self.batches.channels.extend(events.iter().map(|_| at));
        self.batches.events.extend(events);
        for message in messages {
            if let FromMap::Travel { save, .. } = &message {
                // It may come back to this very server, and is announced before it has left.
                self.admission.left(save.character);
            }
            self.batches.after.push(message);
        }
    }

    /// Sends the tick's events as one batch, then what was said with them.
    pub(super) fn send_batch(&mut self) {
        if !self.batches.events.is_empty() {
            self.batches.last += 1;
            let batch = BatchId(self.batches.last);
            self.batches.waiting.insert(batch, std::mem::take(&mut self.batches.channels));
            let events = std::mem::take(&mut self.batches.events);
            self.say(FromMap::Events { batch, events });
        }
        for message in std::mem::take(&mut self.batches.after) {
            self.say(message);
        }
    }

    /// The players of a failed channel: their locks are let go unsaved.
    pub(super) fn drop_players_of(&mut self, at: usize) {
        for (session, route) in self.routes.take_channel(at) {
            self.admission.left(route.character);
            self.transport.disconnect(session);
            let reason = LeaveReason::ChannelFailed;
            self.say(FromMap::Dropped { character: route.character, epoch: route.epoch, reason });
        }
        self.forget_events_of(at);
    }

    /// Outcomes of a channel's events would enter its new world, which never asked.
    fn forget_events_of(&mut self, at: usize) {
        for channels in self.batches.waiting.values_mut() {
            channels.iter_mut().filter(|channel| **channel == at).for_each(|channel| *channel = usize::MAX);
        }
    }

    /// No batch waits for an answer any more, and what was not sent is not.
    pub(super) fn forget_batches(&mut self) {
        self.batches = Batches { last: self.batches.last, ..Batches::default() };
    }

    pub(super) fn say(&self, message: FromMap) {
        // The other end is gone only when the process is ending.
        let _ = self.link.outgoing.send(message);
    }
}
