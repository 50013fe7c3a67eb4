//! Events of a topic that a great many have joined are handed out to some sockets at a time, in their order. All at once, they would
//! wake every socket's task before that of whom a lobby or a player is told next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::outbox::Told;

/// Most sockets that are handed an event in one step.
pub(super) const AT_ONCE: usize = 64;
/// Time between two steps of an event behind which no other waits: calls, and what few are told, have their turn in it.
pub(super) const PAUSE: Duration = Duration::from_millis(1);
/// Most events that wait. Where one more comes, the oldest goes to all who wait for it.
const MOST_WAITING: usize = 256;

/// What waits to be handed out.
#[derive(Debug, Default)]
pub(super) struct FanOut(VecDeque<Step>);

/// An event, and the sockets that are to be handed it, by their numbers.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) told: Arc<Told>,
    pub(super) sockets: VecDeque<u64>,
}

impl FanOut {
    /// Events that wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Lets an event wait. Returns one that is due now, since too many wait.
    pub(super) fn push(&mut self, told: Arc<Told>, sockets: VecDeque<u64>) -> Option<Step> {
        let oldest = if self.0.len() >= MOST_WAITING { self.0.pop_front() } else { None };
        self.0.push_back(Step { told, sockets });
        oldest
    }

    /// The next step; `None` if nothing waits.
    pub(super) fn next(&mut self) -> Option<Step> {
        let first = self.0.front_mut()?;
        if first.sockets.len() <= AT_ONCE {
            return self.0.pop_front();
        }
        Some(Step { told: first.told.clone(), sockets: first.sockets.drain(..AT_ONCE).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::*;

    fn told(number: usize) -> Arc<Told> {
        Told::event(Topic::Lobbies, "e", &number)
    }

    #[test]
    fn each_event_goes_to_all_before_the_next_goes_to_anybody() {
        let mut fan_out = FanOut::default();
        let sockets = || (0..2 * AT_ONCE as u64 + 1).collect::<VecDeque<u64>>();
        for number in 0..2 {
            assert!(fan_out.push(told(number), sockets()).is_none());
        }
        for number in 0..2 {
            let mut reached = VecDeque::new();
            for _ in 0..3 {
                let Step { told: now, sockets } = fan_out.next().unwrap();
                assert_eq!(now.payload, told(number).payload);
                assert!(sockets.len() <= AT_ONCE);
                reached.extend(sockets);
            }
            assert_eq!(reached, sockets());
        }
        assert!(fan_out.len() == 0 && fan_out.next().is_none());
    }

    #[test]
    fn the_oldest_is_due_where_too_many_wait() {
        let mut fan_out = FanOut::default();
        for number in 0..MOST_WAITING {
            assert!(fan_out.push(told(number), VecDeque::from([1])).is_none());
        }
        let due = fan_out.push(told(MOST_WAITING), VecDeque::from([2])).unwrap();
        assert_eq!((&due.told.payload, due.sockets), (&told(0).payload, VecDeque::from([1])));
        assert_eq!(fan_out.next().unwrap().told.payload, told(1).payload);
    }
}
