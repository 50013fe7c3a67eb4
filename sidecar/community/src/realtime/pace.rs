//! How often a lobby is told of: at once where it was quiet, and then once in [`Pace::wait`], with all that has changed meanwhile. However often
//! its host or its members change it, nobody who has joined its topic or the list is sent more.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::events::Passage;

/// Lobbies that were told of a moment ago.
pub(super) struct Pace {
    /// How long each is not told of again; zero for not at all.
    wait: Duration,
    /// What has changed of each since.
    since: HashMap<Uuid, Option<Passage>>,
    /// When each may be told of again, the first to come first.
    ends: VecDeque<(Instant, Uuid)>,
}

impl Pace {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, since: HashMap::new(), ends: VecDeque::new() }
    }

    /// Returns whether a lobby that has changed is to be told of now. Else it is kept for later.
    pub(super) fn begin(&mut self, lobby: Uuid, passage: Passage, now: Instant) -> bool {
        if self.wait.is_zero() {
            return true;
        }
        match self.since.entry(lobby) {
            Entry::Occupied(mut since) => {
                let changed = since.get().unwrap_or_default().and(passage);
                since.insert(Some(changed));
                false
            }
            Entry::Vacant(since) => {
                since.insert(None);
                self.ends.push_back((now + self.wait, lobby));
                true
            }
        }
    }

    /// The lobbies that may be told of again by now and have changed since.
    pub(super) fn take_ended(&mut self, now: Instant) -> BTreeMap<Uuid, Passage> {
        let mut changed = BTreeMap::new();
        while let Some((_, lobby)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            if let Some(Some(passage)) = self.since.remove(&lobby) {
                changed.insert(lobby, passage);
            }
        }
        changed
    }

    /// Completes when a lobby may be told of again; never where none was told of.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let first = self.ends.front().map(|(end, _)| *end);
        async move {
            match first {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(250);
    const NOTHING: Passage = Passage { came: false, left: false };
    const CAME: Passage = Passage { came: true, left: false };
    const LEFT: Passage = Passage { came: false, left: true };

    fn lobby(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[tokio::test]
    async fn a_lobby_is_told_of_at_once_and_then_once_in_a_while() {
        let (mut pace, began) = (Pace::new(WAIT), Instant::now());
        let at = |ms| began + Duration::from_millis(ms);
        assert!(pace.begin(lobby(1), CAME, at(0)));
        for (ms, passage) in [(1, NOTHING), (2, LEFT), (3, NOTHING)] {
            assert!(!pace.begin(lobby(1), passage, at(ms)));
        }
        assert!(pace.begin(lobby(2), NOTHING, at(4)), "each for itself");
        assert_eq!(pace.take_ended(at(249)), BTreeMap::new());
        pace.ended().await;
        assert!(began.elapsed() >= WAIT);
        assert_eq!(pace.take_ended(at(250)), BTreeMap::from([(lobby(1), LEFT)]));
        // It is told of then, and the next is kept for later again.
        assert!(pace.begin(lobby(1), LEFT, at(250)) && !pace.begin(lobby(1), CAME, at(251)));
        assert_eq!(pace.take_ended(at(254)), BTreeMap::new(), "the other has not changed");
        assert!(pace.begin(lobby(2), NOTHING, at(255)));
        assert_eq!(pace.take_ended(at(505)), BTreeMap::from([(lobby(1), CAME)]));
        assert!(pace.since.is_empty() && pace.ends.is_empty(), "nothing is kept of who is quiet");
    }

    #[test]
    fn nothing_is_kept_for_later_where_that_is_off() {
        let mut pace = Pace::new(Duration::ZERO);
        assert!((0..3).all(|_| pace.begin(lobby(1), NOTHING, Instant::now())));
        assert!(pace.since.is_empty() && pace.ends.is_empty());
    }
}
