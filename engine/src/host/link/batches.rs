//! Owned events on their way to the store: one batch a tick, and which channel waits for which outcome.

use std::collections::BTreeMap;

use realmgate_protocol::ids::BatchId;
use realmgate_protocol::link::{EventOutcome, FromMap, OwnedEvent};

use crate::host::channels::ChannelIndex;

/// The batch of this tick, and those whose outcome is not known yet.
#[derive(Debug, Default)]
pub(in crate::host) struct EventBatches {
    last: u64,
    /// For each event of a batch, the channel that submitted it; `None` if that has failed since.
    waiting: BTreeMap<BatchId, Vec<Option<ChannelIndex>>>,
    events: Vec<OwnedEvent>,
    /// For each of `events`, the channel that submitted it.
    channels: Vec<Option<ChannelIndex>>,
    /// Messages that follow the events of this tick and must be sent after them.
    messages: Vec<FromMap>,
}

impl EventBatches {
    /// Whether every event has an outcome.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.events.is_empty()
    }

    /// Number of batches whose outcome is not known yet.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Number of events in those batches.
    pub fn event_count(&self) -> usize {
        self.waiting.values().map(Vec::len).sum()
    }

    /// Adds what a channel has submitted in this tick.
    pub(super) fn add(&mut self, channel: ChannelIndex, events: Vec<OwnedEvent>, messages: Vec<FromMap>) {
        self.channels.extend(events.iter().map(|_| Some(channel)));
        self.events.extend(events);
        self.messages.extend(messages);
    }

    /// Closes the batch of this tick; `None` if there were no events.
    pub(super) fn close(&mut self) -> Option<(BatchId, Vec<OwnedEvent>)> {
        if self.events.is_empty() {
            return None;
        }
        self.last += 1;
        let batch = BatchId(self.last);
        self.waiting.insert(batch, std::mem::take(&mut self.channels));
        Some((batch, std::mem::take(&mut self.events)))
    }

    /// Takes the messages that follow the events of this tick.
    pub(super) fn take_messages(&mut self) -> Vec<FromMap> {
        std::mem::take(&mut self.messages)
    }

    /// Ends a batch. Returns its outcomes by the channel that waits for them.
    pub(super) fn outcomes_by_channel(
        &mut self,
        batch: BatchId,
        outcomes: Vec<EventOutcome>,
    ) -> BTreeMap<ChannelIndex, Vec<EventOutcome>> {
        let mut by_channel: BTreeMap<ChannelIndex, Vec<EventOutcome>> = BTreeMap::new();
        for (channel, outcome) in self.waiting.remove(&batch).into_iter().flatten().zip(outcomes) {
            if let Some(channel) = channel {
                by_channel.entry(channel).or_default().push(outcome);
            }
        }
        by_channel
    }

    /// Forgets that a channel waits for outcomes.
    pub(super) fn forget_channel(&mut self, channel: ChannelIndex) {
        let waiting = self.waiting.values_mut().flatten();
        waiting.filter(|waits| **waits == Some(channel)).for_each(|waits| *waits = None);
    }

    /// Forgets all batches: those that wait for an outcome, and what was not sent yet.
    pub(super) fn forget_all(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}
