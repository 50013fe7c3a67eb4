//! The host's side of the map link: passes the sidecar's messages to admission and channels, and the channels' messages
//! to the sidecar.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};

use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch};
use realmgate_protocol::limits::MAX_TRACE_BYTES;
use realmgate_protocol::link::{CharacterLoad, EventOutcome, FromMap, LeaveReason, OwnedEvent, ToMap};
use realmgate_protocol::movement::Position;

use super::MapServer;
use crate::admission::Expected;
use crate::channel::{ChannelKey, ToChannel};
use crate::player::PlaceArrival;
use crate::transport::SessionId;

/// Most link messages taken in one tick; the rest wait for the next tick.
const MAX_LINK_MESSAGES_PER_TICK: usize = 512;

/// What the owner of the link connection tells the host.
#[derive(Debug)]
pub enum LinkNews {
    /// The sidecar has welcomed this server. The host answers with one `Reclaim` of all locks it holds. What it said
    /// before that belongs to the previous connection.
    Up {
        /// Whether the locks this server held may still be its own.
        resumed: bool,
    },
    /// The link is down.
    Lost,
    /// The locks this server held belong to others by now.
    Disowned,
    /// A message from the sidecar, other than `Welcome` and `Refused`.
    Said(Box<ToMap>),
}

impl From<ToMap> for LinkNews {
    fn from(message: ToMap) -> Self {
        Self::Said(Box::new(message))
    }
}

/// The two queues between the host and the owner of the link connection.
pub struct LinkEnds {
    /// News and messages from the link.
    pub incoming: Receiver<LinkNews>,
    /// This server's messages, in order.
    pub outgoing: Sender<FromMap>,
}

/// Owned events on their way: batches whose outcome is not known yet, and the batch of this tick.
#[derive(Debug, Default)]
pub(super) struct Batches {
    last: u64,
    /// For each event of a batch, the index of the channel that submitted it.
    waiting: BTreeMap<BatchId, Vec<usize>>,
    events: Vec<OwnedEvent>,
    channels: Vec<usize>,
    /// Messages that follow the events of this tick and must be sent after them.
    after: Vec<FromMap>,
}

impl Batches {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.events.is_empty()
    }

    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// Number of events in batches whose outcome is not known yet.
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
                let spawn = self.arrival(ChannelKey { map, channel }, &load);
                let expected = Expected { ticket, deadline_ms, map, channel, epoch, load, trace };
                let refusal = self.admission.expect(expected).err();
                let spawn = spawn.filter(|_| refusal.is_none());
                self.say(FromMap::Prepared { request, refusal, spawn });
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
            // The owner of the link handles these. What they mean for the host arrives as other `LinkNews`.
            ToMap::Welcome { .. } | ToMap::Refused { .. } => {}
        }
    }

    /// Where a character will appear, as the game decides.
    fn arrival(&self, key: ChannelKey, load: &CharacterLoad) -> Option<Position> {
        let running = self.channels.iter().find(|running| running.channel.settings().key == key)?;
        let world = running.channel.world();
        world.get_resource::<PlaceArrival>().map(|place| place.0(world, load))
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

    /// Lets a connection into its channel if its ticket is admitted, and disconnects it otherwise.
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
            // Announced before the drain, and let in so that its lock is released in the usual way.
            self.channels[at].inbox.push(ToChannel::Kick { character, reason: LeaveReason::ServerClosing });
        }
    }

    pub(super) fn expire_tickets(&mut self, now_ms: u64) {
        for (character, epoch) in self.admission.expire(now_ms) {
            self.say(FromMap::Expired { character, epoch });
        }
    }

    /// Takes a channel's output for the sidecar: its events join this tick's batch, its messages follow them.
    pub(super) fn send_from_channel(&mut self, at: usize, events: Vec<OwnedEvent>, messages: Vec<FromMap>) {
        if self.outage.starts_anew {
            return;
        }
        self.batches.channels.extend(events.iter().map(|_| at));
        self.batches.events.extend(events);
        for message in messages {
            if let FromMap::Travel { save, .. } = &message {
                // The travel may lead back to this very server, and is announced before the player has left.
                self.admission.left(save.character);
            }
            self.batches.after.push(message);
        }
    }

    /// Sends the tick's events as one batch, then the messages that follow them.
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

    /// Drops the players of a failed channel: their locks are released unsaved.
    pub(super) fn drop_players_of(&mut self, at: usize) {
        for (session, route) in self.routes.take_channel(at) {
            self.admission.left(route.character);
            self.transport.disconnect(session);
            let reason = LeaveReason::ChannelFailed;
            self.say(FromMap::Dropped { character: route.character, epoch: route.epoch, reason });
        }
        self.forget_events_of(at);
    }

    /// Forgets which pending events a channel submitted: their outcomes would enter its new world, which never
    /// submitted them.
    fn forget_events_of(&mut self, at: usize) {
        for channels in self.batches.waiting.values_mut() {
            channels.iter_mut().filter(|channel| **channel == at).for_each(|channel| *channel = usize::MAX);
        }
    }

    /// Forgets all batches: those that wait for an answer, and what was not sent yet.
    pub(super) fn forget_batches(&mut self) {
        self.batches = Batches { last: self.batches.last, ..Batches::default() };
    }

    pub(super) fn say(&self, message: FromMap) {
        // The other end is gone only when the process is ending.
        let _ = self.link.outgoing.send(message);
    }
}
