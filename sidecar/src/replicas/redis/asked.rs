//! Asks that wait for their answers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::replicas::{Answer, BusError};

/// Maximum number of asks that wait at once.
const MOST: usize = 8_192;

type Outcome = Result<Answer, BusError>;

/// The asks that wait for their answers, by id.
#[derive(Debug, Default)]
pub(super) struct Asked {
    waiting: Mutex<HashMap<Uuid, oneshot::Sender<Outcome>>>,
}

/// One ask, which is forgotten when this is dropped, however its waiting ends.
pub(super) struct Waiting<'a> {
    asked: &'a Asked,
    id: Uuid,
    receiver: oneshot::Receiver<Outcome>,
}

impl Asked {
    /// Registers a new ask, and returns what waits for its answer, and the id of the ask.
    pub(super) fn expect(&self) -> Result<(Waiting<'_>, Uuid), BusError> {
        let (id, (sender, receiver)) = (Uuid::new_v4(), oneshot::channel());
        let mut waiting = self.waiting();
        if waiting.len() >= MOST {
            return Err(BusError::Overloaded);
        }
        waiting.insert(id, sender);
        Ok((Waiting { asked: self, id, receiver }, id))
    }

    /// Hands an outcome to the task that waits for it. One that comes too late is dropped.
    pub(super) fn settle(&self, id: Uuid, outcome: Outcome) {
        if let Some(sender) = self.waiting().remove(&id) {
            let _ = sender.send(outcome);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Uuid, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    pub(super) async fn answer(mut self) -> Outcome {
        (&mut self.receiver).await.unwrap_or(Err(BusError::Timeout))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.asked.waiting().remove(&self.id);
    }
}
