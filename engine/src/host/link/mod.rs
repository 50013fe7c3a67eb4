//! The host's end of the map link: what the sidecar says, what it is told, and how long it has been out of reach.

mod batches;
mod outage;

use std::sync::mpsc::{Receiver, Sender};

use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch};
use realmgate_protocol::link::{EventOutcome, Fence, FromMap, OwnedEvent, ToMap};

use super::channels::{ChannelIndex, ChannelSet};
use super::config::HostConfig;
use crate::channel::ToChannel;
use batches::EventBatches;
use outage::Outage;

/// Most events that may wait in all channels together while the link is down.
const MAX_EVENTS_WHILE_DOWN: usize = 10_000;

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

/// The host's session with the sidecar.
pub(super) struct LinkSession {
    ends: LinkEnds,
    batches: EventBatches,
    outage: Outage,
    /// Whether the sidecar has welcomed this server and not disowned it since: then the locks held here may be its own.
    is_welcome: bool,
    /// The locks held here belong to others: nothing of this tick goes out except farewells, and the worlds are renewed
    /// after it.
    must_renew: bool,
}

impl LinkSession {
    /// A session that has not been welcomed yet.
    pub fn new(config: &HostConfig, ends: LinkEnds) -> Self {
        let outage = Outage::new(config.tick_hz, config.offline_play_max_s);
        Self { ends, batches: EventBatches::default(), outage, is_welcome: false, must_renew: false }
    }

    /// The next news, if there are any.
    pub fn next_news(&self) -> Option<LinkNews> {
        self.ends.incoming.try_recv().ok()
    }

    /// Sends a message to the sidecar.
    pub fn say(&self, message: FromMap) {
        // The other end is gone only when the process is ending.
        let _ = self.ends.outgoing.send(message);
    }

    /// The link is down. Play goes on, and owned events wait.
    pub fn lost(&mut self, now_tick: u64, channels: &mut ChannelSet) {
        if self.outage.begin(now_tick) {
            let room = (MAX_EVENTS_WHILE_DOWN / channels.len().max(1)) as u32;
            channels.tell_all(&ToChannel::StoreAway { room });
        }
    }

    /// The link is up.
    pub fn up(&mut self, channels: &mut ChannelSet) {
        if self.outage.end() {
            channels.tell_all(&ToChannel::StoreBack);
        }
    }

    /// Answers the sidecar's welcome: reclaims the locks still held here, then reports the characters in the worlds.
    pub fn reclaim(
        &mut self,
        held: impl IntoIterator<Item = (CharacterId, LockEpoch)>,
        present: impl Iterator<Item = (CharacterId, LockEpoch)>,
    ) {
        self.is_welcome = true;
        if self.must_renew {
            return self.say(FromMap::Reclaim { locks: Vec::new(), last: true });
        }
        let locks: Vec<Fence> = held.into_iter().map(|(character, epoch)| Fence { character, epoch }).collect();
        metrics::counter!("realmgate_locks_reclaimed_total").increment(locks.len() as u64);
        self.say(FromMap::Reclaim { locks, last: true });
        present.for_each(|(character, epoch)| self.say(FromMap::Entered { character, epoch }));
    }

    /// The locks held here belong to others by now: what waits for the store is forgotten, and the worlds must be
    /// renewed. Returns false if there is nothing to lose, since the sidecar has not welcomed this server.
    pub fn disowned(&mut self) -> bool {
        if !std::mem::replace(&mut self.is_welcome, false) {
            return false;
        }
        self.batches.forget_all();
        self.must_renew = true;
        true
    }

    /// Whether the worlds must be renewed now; says so once.
    pub fn take_must_renew(&mut self) -> bool {
        std::mem::take(&mut self.must_renew)
    }

    /// Whole seconds since the link went down; 0 while it is up.
    pub fn outage_s(&self, now_tick: u64) -> u32 {
        self.outage.seconds(now_tick)
    }

    /// Whether the outage has become too long for play to go on; says so once in each outage.
    pub fn gives_up(&mut self, now_tick: u64) -> bool {
        self.outage.gives_up(now_tick)
    }

    /// Takes a channel's output for the sidecar: its events join this tick's batch, its messages follow them.
    pub fn submit(&mut self, channel: ChannelIndex, events: Vec<OwnedEvent>, messages: Vec<FromMap>) {
        if !self.must_renew {
            self.batches.add(channel, events, messages);
        }
    }

    /// Sends the tick's events as one batch, then the messages that follow them.
    pub fn send_batch(&mut self) {
        if let Some((batch, events)) = self.batches.close() {
            self.say(FromMap::Events { batch, events });
        }
        self.batches.take_messages().into_iter().for_each(|message| self.say(message));
    }

    /// The outcomes of a batch are known: each goes to the channel that submitted the event.
    pub fn committed(&mut self, batch: BatchId, outcomes: Vec<EventOutcome>, channels: &mut ChannelSet) {
        for (channel, outcomes) in self.batches.outcomes_by_channel(batch, outcomes) {
            channels.tell(channel, ToChannel::Committed { outcomes });
        }
    }

    /// A channel has failed: the outcomes of its events will not enter its new world, which never submitted them.
    pub fn channel_failed(&mut self, channel: ChannelIndex) {
        self.batches.forget_channel(channel);
    }

    /// The batches whose outcome is not known yet.
    pub fn batches(&self) -> &EventBatches {
        &self.batches
    }
}
