//! Asks and news from other sidecars: a bounded inbox, with a task for each message.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::envelope::{Content, Decline, Envelope};
use super::{Ask, News, ReplicaHandler};

/// Maximum number of messages that wait or are handled at once. For backpressure, more are declined.
pub(super) const INBOX: usize = 1_024;
/// Maximum number of messages that are handled at once.
const AT_ONCE: usize = 64;
/// Maximum number of declines that wait to be sent; an asker that gets none waits until its deadline.
const DECLINES: usize = 64;
/// How long news may occupy a place.
const NEWS_DEADLINE: Duration = Duration::from_secs(10);

/// Takes and handles messages.
#[derive(Clone)]
pub(super) struct Inbox {
    handler: Arc<dyn ReplicaHandler>,
    tasks: TaskTracker,
    places: Arc<Semaphore>,
    working: Arc<Semaphore>,
    declines: Arc<Semaphore>,
}

impl Inbox {
    pub(super) fn new(handler: Arc<dyn ReplicaHandler>, tasks: TaskTracker) -> Self {
        let semaphore = |size| Arc::new(Semaphore::new(size));
        Self { handler, tasks, places: semaphore(INBOX), working: semaphore(AT_ONCE), declines: semaphore(DECLINES) }
    }

    /// Handles an ask or news in a task, now or soon. The answer, if any, is handed to `reply`.
    pub(super) fn take<F>(&self, envelope: Envelope, reply: impl FnOnce(Content) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            let inbox = self.clone();
            self.tasks.spawn(async move {
                if let Some(content) = inbox.deal_with(envelope, place).await {
                    reply(content).await;
                }
            });
            return;
        }
        metrics::counter!("realmgate_replica_messages_rejected_total").increment(1);
        if let (Content::Ask { .. }, Ok(permit)) = (envelope.content, self.declines.clone().try_acquire_owned()) {
            self.tasks.spawn(async move {
                reply(Content::Declined(Decline::Overloaded)).await;
                drop(permit);
            });
        }
    }

    async fn deal_with(&self, envelope: Envelope, _place: OwnedSemaphorePermit) -> Option<Content> {
        let from = envelope.from.as_str();
        match &envelope.content {
            Content::Ask { deadline_ms, bytes } => {
                let Some(ask) = envelope.unpack::<Ask>(bytes) else {
                    return Some(Content::Declined(Decline::NotUnderstood));
                };
                let answer = self.work(Duration::from_millis((*deadline_ms).into()), self.handler.answer(from, ask));
                // After the deadline, nobody waits for an answer any more.
                answer.await.map(|answer| Content::answer(&answer))
            }
            Content::News(bytes) => {
                if let Some(news) = envelope.unpack::<News>(bytes) {
                    self.work(NEWS_DEADLINE, self.handler.heard(from, news)).await;
                }
                None
            }
            Content::Answer(_) | Content::Declined(_) => None,
        }
    }

    /// Waits for a turn and then for the work, both within the deadline.
    async fn work<T>(&self, deadline: Duration, work: impl Future<Output = T>) -> Option<T> {
        let in_turn = async {
            // The semaphore is never closed.
            let _turn = self.working.acquire().await.ok()?;
            Some(work.await)
        };
        tokio::time::timeout(deadline, in_turn).await.ok().flatten()
    }
}
