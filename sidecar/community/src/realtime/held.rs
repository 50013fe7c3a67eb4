//! What a socket keeps back for a moment (`REALTIME_DEBOUNCE_MS`): how accounts stand, of each thing the newest alone. The first change of
//! a thing is told at once, and what it changes to within that time when the time is over.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::events::{Told, Topic};

/// Most that is kept back. What is more is told at once.
const MOST: usize = 256;
/// Most bytes that are kept back.
const MOST_BYTES: usize = 1 << 20;

/// What an event is about: something of a topic.
type Thing = (Topic, Uuid);

/// What is kept back.
#[derive(Default)]
pub(super) struct Held {
    /// For how long; zero for not at all.
    wait: Duration,
    /// What was told of a moment ago, and when it may be told of again.
    told: HashMap<Thing, Instant>,
    /// Each with the time at which it is due.
    waiting: Vec<(Instant, Arc<Told>)>,
}

impl Held {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, ..Self::default() }
    }

    /// Keeps an event back if it says how something stands that was told of a moment ago, and there is room. It takes the place of what was
    /// to be told of the same thing. Returns whether it is kept back.
    pub(super) fn keep(&mut self, told: &Arc<Told>, now: Instant) -> bool {
        let Some(thing) = self.thing(told) else { return false };
        self.waiting.retain(|(_, waiting)| thing_of(waiting) != Some(thing));
        let Some(due) = self.told.get(&thing).copied().filter(|due| now < *due) else { return false };
        let bytes: usize = self.waiting.iter().map(|(_, waiting)| waiting.size()).sum();
        let has_room = self.waiting.len() < MOST && (self.waiting.is_empty() || bytes + told.size() <= MOST_BYTES);
        if has_room {
            self.waiting.push((due, told.clone()));
        }
        has_room
    }

    /// An event was told: the next about the same thing is kept back for a moment.
    pub(super) fn begin(&mut self, told: &Told, now: Instant) {
        let Some(thing) = self.thing(told) else { return };
        if self.told.len() >= MOST {
            self.told.retain(|_, due| now < *due);
        }
        if self.told.len() < MOST {
            self.told.insert(thing, now + self.wait);
        }
    }

    /// All that was kept back.
    pub(super) fn take(&mut self) -> Vec<Arc<Told>> {
        self.waiting.drain(..).map(|(_, told)| told).collect()
    }

    /// What was kept back until now.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Arc<Told>> {
        self.waiting.extract_if(.., |(due, _)| *due <= now).map(|(_, told)| told).collect()
    }

    /// Forgets what was to be told on a topic, and that it was told anything.
    pub(super) fn forget(&mut self, topic: Topic) {
        self.waiting.retain(|(_, waiting)| waiting.topic != topic);
        self.told.retain(|(of, _), _| *of != topic);
    }

    /// Completes when the first of it is due; never where nothing is kept back.
    pub(super) fn due(&self) -> impl Future<Output = ()> + Send + 'static {
        let due = self.waiting.iter().map(|(due, _)| *due).min();
        async move {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        }
    }

    /// What an event is about that may be kept back.
    fn thing(&self, told: &Told) -> Option<Thing> {
        thing_of(told).filter(|_| told.may_wait && !self.wait.is_zero())
    }
}

fn thing_of(told: &Told) -> Option<Thing> {
    told.state.map(|(of, _)| (told.topic, of))
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::AccountId;

    use super::*;

    const TOPIC: Topic = Topic::User(AccountId([1; 16]));
    const WAIT: Duration = Duration::from_millis(50);

    fn state(of: u128, payload: &str) -> Arc<Told> {
        Told::state(TOPIC, "updated", Uuid::from_u128(of), &payload)
    }

    /// Tells a state, or keeps it back. Returns whether it is told.
    fn tell(held: &mut Held, told: &Arc<Told>, now: Instant) -> bool {
        let is_told = !held.keep(told, now);
        if is_told {
            held.begin(told, now);
        }
        is_told
    }

    fn payloads(told: &[Arc<Told>]) -> Vec<&str> {
        told.iter().map(|told| told.payload.trim_matches('"')).collect()
    }

    #[tokio::test]
    async fn first_change_is_told_at_once_and_then_the_newest_of_each_thing_when_it_is_due() {
        let mut held = Held::new(WAIT);
        let began = Instant::now();
        let told = [(0, 1, "a"), (10, 2, "b"), (20, 1, "c"), (30, 1, "d"), (40, 2, "e")]
            .map(|(after, of, text)| tell(&mut held, &state(of, text), began + Duration::from_millis(after)));
        assert_eq!(told, [true, true, false, false, false]);
        held.due().await;
        assert!(began.elapsed() >= WAIT);
        assert_eq!(payloads(&held.take_due(began + WAIT)), ["d"], "the other is not due yet");
        assert!(!tell(&mut held, &state(2, "f"), began + Duration::from_millis(55)));
        assert_eq!(payloads(&held.take_due(began + Duration::from_millis(60))), ["f"]);
        assert!(futures_util::FutureExt::now_or_never(held.due()).is_none(), "nothing is due any more");
        assert!(tell(&mut held, &state(1, "g"), began + 2 * WAIT), "a change after quiet is told at once");
        assert!(!tell(&mut held, &state(1, "h"), began + 2 * WAIT));
        assert!(tell(&mut held, &state(1, "i"), began + 3 * WAIT), "due, and newer than what was kept back");
        assert!(held.take().is_empty(), "what is older is never told after it");
    }

    #[test]
    fn same_thing_of_another_topic_is_another_thing() {
        let (mut held, now) = (Held::new(WAIT), Instant::now());
        let elsewhere = Told::state(Topic::Lobbies, "updated", Uuid::from_u128(1), &"a");
        for told in [&state(1, "a"), &elsewhere] {
            assert!(tell(&mut held, told, now));
            assert!(!tell(&mut held, told, now));
        }
        held.forget(TOPIC);
        assert!(tell(&mut held, &state(1, "b"), now), "a topic that is joined again is told at once");
        assert_eq!(held.take().iter().map(|told| told.topic).collect::<Vec<_>>(), [Topic::Lobbies]);
    }

    #[test]
    fn what_has_happened_does_not_wait_nor_does_what_is_too_much() {
        let (mut held, now) = (Held::new(WAIT), Instant::now());
        for told in
            [Told::event(TOPIC, "friend_accepted", &0), Told::once(TOPIC, "notification_created", Uuid::nil(), &0)]
        {
            assert!(tell(&mut held, &told, now) && tell(&mut held, &told, now));
        }
        let mut off = Held::default();
        assert!(tell(&mut off, &state(1, "a"), now) && tell(&mut off, &state(1, "b"), now));
        for of in 0..=MOST as u128 {
            assert!(tell(&mut held, &state(of, "a"), now));
        }
        assert!(!tell(&mut held, &state(0, &"x".repeat(MOST_BYTES)), now));
        assert!(tell(&mut held, &state(1, "b"), now), "one too many bytes");
        held.take();
        for of in 0..MOST as u128 {
            assert!(!tell(&mut held, &state(of, "b"), now), "{of}");
        }
        assert!(tell(&mut held, &state(MOST as u128, "b"), now), "one too many");
    }
}
