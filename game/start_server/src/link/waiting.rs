//! Messages that wait to be sent over the map link, and sent messages that may have to be sent again.

use std::collections::VecDeque;

use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch, RequestId};
use realmgate_protocol::link::{Fence, FromMap};

/// Most messages that wait while the link is down. Beyond it, one that is no batch is dropped and counted: departures last.
const MAX_WAITING: usize = 65_536;
/// Most sent messages that are kept, apart from unanswered batches.
const MAX_KEPT: usize = 4_096;

/// Messages that wait to be sent, and messages that were sent.
///
/// The sidecar handles messages strictly in order, so the answer to a batch means that everything before it was handled
/// too. Until then batches and departures are kept. Repeating them is harmless, since the events of a batch have
/// idempotency keys and a departure names its epoch.
#[derive(Default)]
pub(super) struct Waiting {
    queue: VecDeque<FromMap>,
    sent: VecDeque<FromMap>,
}

impl Waiting {
    pub(super) fn push(&mut self, message: FromMap) {
        self.queue.push_back(message);
        if self.queue.len() > MAX_WAITING
            && let Some(least) = self.least_needed()
        {
            self.queue.remove(least);
            metrics::counter!("realmgate_link_messages_lost_total").increment(1);
        }
    }

    /// What is given up for room: the oldest that is neither a batch nor a departure, or else the oldest departure.
    fn least_needed(&self) -> Option<usize> {
        let is_other = |message: &FromMap| !is_batch(message) && !is_departure(message);
        self.queue.iter().position(is_other).or_else(|| self.queue.iter().position(is_departure))
    }

    /// The next message to send.
    pub(super) fn next(&mut self) -> Option<FromMap> {
        let message = self.queue.pop_front()?;
        if is_batch(&message) || is_departure(&message) {
            self.sent.push_back(message.clone());
        }
        if self.sent.len() > MAX_KEPT && self.sent.front().is_some_and(is_departure) {
            self.sent.pop_front();
        }
        Some(message)
    }

    /// A batch was answered: removes it and everything sent before it.
    pub(super) fn answered(&mut self, answered: BatchId) {
        let is_it = |message: &FromMap| matches!(message, FromMap::Events { batch, .. } if *batch == answered);
        if let Some(at) = self.sent.iter().position(is_it) {
            self.sent.drain(..=at);
        }
    }

    /// The last save of a character was written and its lock is free: removes its release.
    pub(super) fn settled(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.sent.retain(|message| match message {
            FromMap::Released { save, .. } => (save.character, save.epoch) != (character, epoch),
            _ => true,
        });
    }

    /// A travel request was answered: removes it.
    pub(super) fn travel_answered(&mut self, answered: RequestId) {
        self.sent.retain(|message| !matches!(message, FromMap::Travel { request, .. } if *request == answered));
    }

    /// The locks of players who have left, or are about to, and whose last messages wait or may have been lost.
    pub(super) fn leavers(&self) -> impl Iterator<Item = Fence> {
        self.sent.iter().chain(&self.queue).filter_map(|message| match message {
            FromMap::Released { save, .. } | FromMap::Travel { save, .. } => {
                Some(Fence { character: save.character, epoch: save.epoch })
            }
            FromMap::Dropped { character, epoch, .. } | FromMap::Expired { character, epoch } => {
                Some(Fence { character: *character, epoch: *epoch })
            }
            _ => None,
        })
    }

    /// Prepares a new connection. Sent messages that may be lost go first, in their order. Messages that are replaced
    /// anyway are dropped, and so are answers to requests of the previous connection.
    pub(super) fn rewind(&mut self) {
        self.queue.retain(|message| {
            use FromMap::{BodyFound, Load, Prepared, Save};
            !matches!(message, Save { .. } | Load { .. } | Prepared { .. } | BodyFound { .. })
        });
        while let Some(message) = self.sent.pop_back() {
            self.queue.push_front(message);
        }
    }

    /// Removes everything, once it was delivered or is void.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.sent.clear();
    }

    /// Number of messages that may not have been delivered.
    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.sent.len()
    }
}

fn is_batch(message: &FromMap) -> bool {
    matches!(message, FromMap::Events { .. })
}

/// Whether a message reports a departure, or asks for one. Without it the lock would stay, and the last save would be
/// lost.
fn is_departure(message: &FromMap) -> bool {
    matches!(
        message,
        FromMap::Released { .. } | FromMap::Dropped { .. } | FromMap::Expired { .. } | FromMap::Travel { .. }
    )
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::{MapId, SaveSequence};
    use realmgate_protocol::link::{LeaveReason, Save, SoftState};

    use super::*;

    fn batch(number: u64) -> FromMap {
        FromMap::Events { batch: BatchId(number), events: Vec::new() }
    }

    fn entered() -> FromMap {
        FromMap::Entered { character: CharacterId([1; 16]), epoch: LockEpoch(1) }
    }

    fn expired(epoch: u64) -> FromMap {
        FromMap::Expired { character: CharacterId([1; 16]), epoch: LockEpoch(epoch) }
    }

    fn rest(waiting: &mut Waiting) -> Vec<FromMap> {
        std::iter::from_fn(|| waiting.next()).collect()
    }

    #[test]
    fn unanswered_batches_are_sent_again_first_and_in_order() {
        let mut waiting = Waiting::default();
        for message in [batch(1), batch(2), batch(3), entered()] {
            waiting.push(message);
        }
        let sent = [waiting.next(), waiting.next(), waiting.next()];
        assert_eq!(sent, [Some(batch(1)), Some(batch(2)), Some(batch(3))]);
        waiting.answered(BatchId(1));
        waiting.push(FromMap::Save { saves: Vec::new() });
        waiting.push(batch(4));
        waiting.rewind();
        let left = rest(&mut waiting);
        let expected = [batch(2), batch(3), entered(), batch(4)];
        assert_eq!(left, expected, "answered batches and stale saves are not sent");
    }

    #[test]
    fn departures_are_sent_again_until_a_later_batch_is_answered() {
        let (character, epoch, reason) = (CharacterId([1; 16]), LockEpoch(1), LeaveReason::ChannelFailed);
        let dropped = FromMap::Dropped { character, epoch, reason };
        let mut waiting = Waiting::default();
        for message in [batch(1), expired(1), dropped.clone(), entered(), batch(2), expired(2)] {
            waiting.push(message);
        }
        rest(&mut waiting);
        waiting.answered(BatchId(1));
        waiting.rewind();
        let left = [1, 1, 2].map(|epoch| Fence { character, epoch: LockEpoch(epoch) });
        assert_eq!(waiting.leavers().collect::<Vec<_>>(), left, "without its lock a departure would be void");
        assert_eq!(rest(&mut waiting), [expired(1), dropped, batch(2), expired(2)]);
        waiting.answered(BatchId(2));
        waiting.rewind();
        assert_eq!(rest(&mut waiting), [expired(2)], "what came before an answered batch was handled");
    }

    #[test]
    fn a_release_is_sent_again_until_it_is_settled() {
        let (character, epoch) = (CharacterId([1; 16]), LockEpoch(7));
        let soft = SoftState {
            map: MapId(1),
            x: 0,
            y: 0,
            health: 1,
            resource: 1,
            cooldowns: Vec::new(),
            ..SoftState::default()
        };
        let save = Save { character, epoch, sequence: SaveSequence(1), soft };
        let released = FromMap::Released { save, reason: LeaveReason::Logout };
        let mut waiting = Waiting::default();
        waiting.push(released.clone());
        rest(&mut waiting);
        waiting.settled(character, LockEpoch(6));
        waiting.settled(CharacterId([2; 16]), epoch);
        waiting.rewind();
        assert_eq!(waiting.leavers().collect::<Vec<_>>(), [Fence { character, epoch }], "it is void without the lock");
        assert_eq!(rest(&mut waiting), [released]);
        waiting.settled(character, epoch);
        assert_eq!(waiting.len(), 0);
    }

    #[test]
    fn a_journey_is_asked_for_again_until_it_is_answered() {
        let soft = SoftState {
            map: MapId(2),
            x: 0,
            y: 0,
            health: 1,
            resource: 1,
            cooldowns: Vec::new(),
            ..SoftState::default()
        };
        let (character, epoch) = (CharacterId([1; 16]), LockEpoch(7));
        let save = Save { character, epoch, sequence: SaveSequence(1), soft };
        let travel = FromMap::Travel { request: RequestId(5), save, channel: None };
        let mut waiting = Waiting::default();
        waiting.push(travel.clone());
        waiting.push(FromMap::Prepared { request: RequestId(1), refusal: None, spawn: None });
        waiting.push(FromMap::BodyFound { request: RequestId(2), body: None });
        assert_eq!(waiting.next(), Some(travel.clone()));
        waiting.rewind();
        assert_eq!(waiting.leavers().collect::<Vec<_>>(), [Fence { character, epoch }]);
        assert_eq!(rest(&mut waiting), std::slice::from_ref(&travel), "an answer is good for one connection");
        waiting.travel_answered(RequestId(6));
        waiting.rewind();
        assert_eq!(rest(&mut waiting), [travel], "that was the answer to another");
        waiting.travel_answered(RequestId(5));
        assert_eq!(waiting.len(), 0);
    }

    #[test]
    fn no_batch_is_given_up_for_room() {
        let mut waiting = Waiting::default();
        waiting.push(batch(1));
        (0..=MAX_WAITING as u64).for_each(|epoch| waiting.push(expired(epoch)));
        assert_eq!(waiting.len(), MAX_WAITING);
        assert_eq!((waiting.next(), waiting.next()), (Some(batch(1)), Some(expired(2))));
        waiting.clear();
        (0..=MAX_WAITING as u64).for_each(|number| waiting.push(batch(number)));
        assert_eq!((waiting.len(), waiting.next()), (MAX_WAITING + 1, Some(batch(0))), "nor where all are batches");
        rest(&mut waiting);
        assert_eq!(waiting.len(), MAX_WAITING + 1, "nor when it is sent, until it is answered");
    }

    #[test]
    fn departures_are_given_up_last() {
        let mut waiting = Waiting::default();
        waiting.push(expired(0));
        waiting.push(entered());
        (1..MAX_WAITING as u64).for_each(|epoch| waiting.push(expired(epoch)));
        // Nothing that waits is needed less than this.
        waiting.push(entered());
        assert_eq!((waiting.len(), waiting.next()), (MAX_WAITING, Some(expired(0))));
        assert_eq!(rest(&mut waiting).last(), Some(&expired(MAX_WAITING as u64 - 1)));
    }

    #[test]
    fn what_is_kept_of_what_was_sent_is_bounded() {
        let mut waiting = Waiting::default();
        for epoch in 0..2 * MAX_KEPT as u64 {
            waiting.push(expired(epoch));
            waiting.next();
        }
        assert_eq!(waiting.len(), MAX_KEPT);
        waiting.rewind();
        assert_eq!(waiting.next(), Some(expired(MAX_KEPT as u64)), "the newest are kept");
    }
}
