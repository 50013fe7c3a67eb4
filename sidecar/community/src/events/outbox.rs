//! What waits to be written to one socket, within bounds: who reads too slowly is cut off.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::topic::Topic;

/// Most events that wait for one socket.
const MOST_WAITING: usize = 256;
/// Most bytes of events that wait for one socket.
const MOST_BYTES: usize = 1 << 20;

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client has closed it, or is gone.
    Gone,
    /// Its log-in has ended.
    LoggedOut,
    /// It reads more slowly than it is told things.
    TooSlow,
    /// Nothing came from it for too long.
    Idle,
    /// It sends too much.
    Flooding,
    /// It sends what is no message.
    Malformed,
    /// It sends a message that is too large.
    TooLarge,
    /// This sidecar shuts down.
    Shutdown,
}

/// An event as sockets are told it; one text for all of them.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) topic: Topic,
    pub(crate) text: Utf8Bytes,
    /// For an event that says how things stand: which thing, and a hash of how it stands. A socket is told it only if it
    /// was not told the same before.
    pub(crate) state: Option<(Uuid, u64)>,
    /// Whether the next event about the same thing says all that this one does.
    pub(crate) may_wait: bool,
}

/// What a socket is handed.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    /// An event of a topic that it has joined.
    Event(Arc<Told>),
    /// It has lost this topic.
    Lost(Topic),
    /// Events may have been lost: it tells its client how things stand.
    Refresh,
}

impl Told {
    pub(crate) fn event(topic: Topic, event: &str, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self { topic, text: frame(topic, event, payload).into(), state: None, may_wait: false })
    }

    /// Says how the thing `of` stands.
    pub(crate) fn state(topic: Topic, event: &str, of: Uuid, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self::new(topic, frame(topic, event, payload), Some(of), true))
    }

    /// Says of the thing `of` what clients are to be told once.
    pub(crate) fn once(topic: Topic, event: &str, of: Uuid, payload: &impl Serialize) -> Arc<Self> {
        Self::crossed(topic, frame(topic, event, payload), Some(of))
    }

    /// As another sidecar has written it.
    pub(super) fn crossed(topic: Topic, text: String, of: Option<Uuid>) -> Arc<Self> {
        Arc::new(Self::new(topic, text, of, false))
    }

    fn new(topic: Topic, text: String, of: Option<Uuid>, may_wait: bool) -> Self {
        let hash = || {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            hasher.finish()
        };
        let state = of.map(|of| (of, hash()));
        Self { topic, text: text.into(), state, may_wait }
    }
}

/// An event's frame. Its references are null: each socket puts the one of its join there.
fn frame(topic: Topic, event: &str, payload: &impl Serialize) -> String {
    // What we publish are structs of texts and numbers: they can be written.
    serde_json::to_string(&(None::<()>, None::<()>, topic.to_string(), event, payload)).unwrap_or_default()
}

/// The end of an outbox that is written to.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<Delivery>,
    bytes: Arc<AtomicUsize>,
    end: Arc<watch::Sender<Option<End>>>,
}

/// The end that the socket reads.
pub(crate) struct Waiting {
    queue: mpsc::Receiver<Delivery>,
    bytes: Arc<AtomicUsize>,
    end: watch::Receiver<Option<End>>,
}

pub(super) fn outbox() -> (Outbox, Waiting) {
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    let bytes = Arc::<AtomicUsize>::default();
    let (end, ended) = watch::channel(None);
    let waiting = Waiting { queue: receiver, bytes: bytes.clone(), end: ended };
    (Outbox { queue: sender, bytes, end: Arc::new(end) }, waiting)
}

impl Outbox {
    /// Puts something in. Where there is no room the socket ends: a client that missed something would not know it.
    pub(super) fn put(&self, delivery: Delivery) {
        let size = delivery.size();
        let waiting = self.bytes.fetch_add(size, Ordering::Relaxed);
        // One event goes through however large it is.
        let too_much = waiting > 0 && waiting + size > MOST_BYTES;
        if too_much || matches!(self.queue.try_send(delivery), Err(mpsc::error::TrySendError::Full(_))) {
            self.end(End::TooSlow);
        }
    }

    /// Ends the socket; the first reason stays.
    pub(super) fn end(&self, why: End) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(why).is_none());
    }
}

impl Waiting {
    /// What is to be written next. Never completes once the socket has left the hub.
    pub(crate) async fn next(&mut self) -> Delivery {
        match self.queue.recv().await {
            Some(delivery) => {
                self.bytes.fetch_sub(delivery.size(), Ordering::Relaxed);
                delivery
            }
            None => std::future::pending().await,
        }
    }

    /// How many deliveries wait at this moment.
    pub(crate) fn count(&self) -> usize {
        self.queue.len()
    }

    /// Completes when the socket has to end.
    pub(crate) fn ended(&self) -> impl Future<Output = End> + Send + 'static {
        let mut end = self.end.clone();
        async move {
            match end.wait_for(Option::is_some).await {
                Ok(why) => why.unwrap_or(End::Gone),
                Err(_) => End::Gone,
            }
        }
    }
}

impl Delivery {
    fn size(&self) -> usize {
        match self {
            Self::Event(told) => told.text.len(),
            Self::Lost(_) | Self::Refresh => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_reads_too_slowly_ends() {
        for (size, fit) in [(10, MOST_WAITING), (100_000, 10)] {
            let (outbox, mut waiting) = outbox();
            let told = Told::event(Topic::Lobbies, "e", &"x".repeat(size));
            for _ in 0..fit {
                outbox.put(Delivery::Event(told.clone()));
            }
            assert_eq!(*waiting.end.borrow(), None, "{size}");
            // What was read makes room.
            waiting.next().await;
            outbox.put(Delivery::Event(told.clone()));
            assert_eq!(*waiting.end.borrow(), None, "{size}");
            outbox.put(Delivery::Event(told.clone()));
            assert_eq!(waiting.ended().await, End::TooSlow, "{size}");
            outbox.end(End::LoggedOut);
            assert_eq!(waiting.ended().await, End::TooSlow, "the first reason stays");
        }
    }

    #[tokio::test]
    async fn one_large_event_goes_through() {
        let (outbox, mut waiting) = outbox();
        outbox.put(Delivery::Event(Told::event(Topic::Lobbies, "e", &"x".repeat(2 * MOST_BYTES))));
        assert!(matches!(waiting.next().await, Delivery::Event(_)));
        assert_eq!(*waiting.end.borrow(), None);
    }
}
