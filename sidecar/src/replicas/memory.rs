//! Several sidecars in one process, for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answer, Ask, BusError, News, ReplicaBus, ReplicaHandler, Replicas};

/// The hub where the sidecars of a test meet.
#[derive(Clone, Default)]
pub(crate) struct MemoryHub(Arc<Mutex<Meeting>>);

#[derive(Default)]
struct Meeting {
    handlers: BTreeMap<String, Arc<dyn ReplicaHandler>>,
    down: bool,
}

/// One sidecar's place at the hub.
struct MemoryBus {
    hub: MemoryHub,
    id: String,
}

impl MemoryHub {
    /// The bus of the sidecar `id`, for its state.
    pub(crate) fn join(&self, id: &str) -> Replicas {
        Replicas(Arc::new(MemoryBus { hub: self.clone(), id: id.to_owned() }))
    }

    /// Ends a sidecar without a word to the others.
    pub(crate) fn kill(&self, id: &str) {
        self.meeting().handlers.remove(id);
    }

    /// Takes the bus away, or brings it back.
    pub(crate) fn set_down(&self, down: bool) {
        self.meeting().down = down;
    }

    fn meeting(&self) -> MutexGuard<'_, Meeting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ReplicaBus for MemoryBus {
    fn start(&self, handler: Arc<dyn ReplicaHandler>, _tasks: &TaskTracker, _shutdown: CancellationToken) {
        self.hub.meeting().handlers.insert(self.id.clone(), handler);
    }

    async fn ask(&self, replica: &str, ask: Ask, deadline: Duration) -> Result<Answer, BusError> {
        let handler = {
            let meeting = self.hub.meeting();
            if meeting.down {
                return Err(BusError::Down);
            }
            meeting.handlers.get(replica).cloned().ok_or(BusError::Gone)?
        };
        // In a task, so that an asker that gives up does not end it.
        let from = self.id.clone();
        let answer = tokio::spawn(async move { handler.answer(&from, ask).await });
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(BusError::Timeout),
        }
    }

    async fn tell_all(&self, news: News) {
        let others: Vec<_> = {
            let meeting = self.hub.meeting();
            let others = meeting.handlers.iter().filter(|(id, _)| **id != self.id && !meeting.down);
            others.map(|(_, handler)| handler.clone()).collect()
        };
        for handler in others {
            handler.heard(&self.id, news.clone()).await;
        }
    }

    async fn replicas(&self) -> Result<Vec<String>, BusError> {
        let meeting = self.hub.meeting();
        if meeting.down { Err(BusError::Down) } else { Ok(meeting.handlers.keys().cloned().collect()) }
    }
}
