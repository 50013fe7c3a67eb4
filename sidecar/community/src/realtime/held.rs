//! What a socket keeps back for a moment (`REALTIME_DEBOUNCE_MS`): how things stand, of each thing the newest alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::events::{Told, Topic};

/// Most that is kept back. What is more is told at once.
const MOST: usize = 256;
/// Most bytes that are kept back.
const MOST_BYTES: usize = 1 << 20;

/// What is kept back.
#[derive(Default)]
pub(super) struct Held {
    /// For how long; zero for not at all.
    wait: Duration,
    /// In the order in which it has come.
    waiting: Vec<Arc<Told>>,
    due: Option<Instant>,
}

impl Held {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, ..Self::default() }
    }

    /// Whether an event may be kept back: it says how something stands, and there is time and room.
    pub(super) fn takes(&self, told: &Told) -> bool {
        let bytes = || self.waiting.iter().map(|waiting| waiting.text.len()).sum::<usize>();
        !self.wait.is_zero()
            && told.may_wait
            && self.waiting.len() < MOST
            && (self.waiting.is_empty() || bytes() + told.text.len() <= MOST_BYTES)
    }

    /// Keeps an event back, in place of what was to be told of the same thing.
    pub(super) fn keep(&mut self, told: Arc<Told>, now: Instant) {
        let of = |told: &Told| (told.topic, told.state.map(|(of, _)| of));
        self.waiting.retain(|waiting| of(waiting) != of(&told));
        self.waiting.push(told);
        self.due.get_or_insert(now + self.wait);
    }

    /// All that was kept back.
    pub(super) fn take(&mut self) -> Vec<Arc<Told>> {
        self.due = None;
        std::mem::take(&mut self.waiting)
    }

    /// Forgets what was to be told on a topic.
    pub(super) fn forget(&mut self, topic: Topic) {
        self.waiting.retain(|waiting| waiting.topic != topic);
    }

    /// Completes when it is time; never where nothing is kept back.
    pub(super) fn due(&self) -> impl Future<Output = ()> + Send + 'static {
        let due = self.due;
        async move {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::AccountId;
    use uuid::Uuid;

    use super::*;

    const TOPIC: Topic = Topic::User(AccountId([1; 16]));

    fn state(of: u128, text: &str) -> Arc<Told> {
        Told::state(TOPIC, "updated", Uuid::from_u128(of), &text)
    }

    /// The texts that are kept back, as they come.
    fn taken(held: &mut Held) -> Vec<String> {
        held.take().iter().map(|told| told.text.to_string()).collect()
    }

    fn texts(told: &[Arc<Told>]) -> Vec<String> {
        told.iter().map(|told| told.text.to_string()).collect()
    }

    #[tokio::test]
    async fn of_each_thing_the_newest_is_told_when_the_first_is_due() {
        let mut held = Held::new(Duration::from_millis(50));
        let began = Instant::now();
        for (after, of, text) in [(0, 1, "a"), (10, 2, "b"), (20, 1, "c")] {
            held.keep(state(of, text), began + Duration::from_millis(after));
        }
        assert_eq!(held.due, Some(began + Duration::from_millis(50)), "a change does not begin the wait anew");
        held.due().await;
        assert_eq!(taken(&mut held), texts(&[state(2, "b"), state(1, "c")]));
        assert!(futures_util::FutureExt::now_or_never(held.due()).is_none(), "nothing is due any more");
        held.keep(state(1, "d"), Instant::now());
        let elsewhere = Told::state(Topic::Lobbies, "updated", Uuid::from_u128(1), &"e");
        held.keep(elsewhere.clone(), Instant::now());
        held.forget(TOPIC);
        assert_eq!(taken(&mut held), texts(&[elsewhere]), "the same of another topic is another thing");
    }

    #[tokio::test]
    async fn what_has_happened_does_not_wait_nor_does_what_is_too_much() {
        let mut held = Held::new(Duration::from_millis(50));
        assert!(held.takes(&state(1, "a")) && !Held::default().takes(&state(1, "a")), "off by default");
        assert!(!held.takes(&Told::event(TOPIC, "friend_accepted", &0)));
        assert!(!held.takes(&Told::once(TOPIC, "notification_created", Uuid::nil(), &0)));
        held.keep(state(0, &"x".repeat(MOST_BYTES)), Instant::now());
        assert!(!held.takes(&state(1, "a")), "one too many bytes");
        held.take();
        for of in 0..MOST {
            assert!(held.takes(&state(of as u128, "a")), "{of}");
            held.keep(state(of as u128, "a"), Instant::now());
        }
        assert!(!held.takes(&state(0, "b")), "one too many");
    }
}
