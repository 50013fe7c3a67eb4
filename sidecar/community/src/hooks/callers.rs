//! Players who call scripts: how many calls each may have at this sidecar, by whatever way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use realmgate_protocol::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls of an account that plugins have at once. Its others wait outside of their queues.
const AT_ONCE: usize = 2;
/// Calls of an account, those that wait included: more than an honest game makes at once.
const MOST: usize = 16;

/// The turns of those who call.
#[derive(Debug, Default)]
pub(super) struct Callers(Mutex<HashMap<AccountId, Weak<Semaphore>>>);

impl Callers {
    /// Waits for a turn of an account. `None` where it has too many calls already.
    pub(super) async fn pass(&self, account: AccountId) -> Option<OwnedSemaphorePermit> {
        self.turns(account)?.acquire_owned().await.ok()
    }

    /// The turns of an account. Each of its calls has a share of them until it ends.
    fn turns(&self, account: AccountId) -> Option<Arc<Semaphore>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return (Arc::strong_count(&turns) <= MOST).then_some(turns);
        }
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        all.insert(account, Arc::downgrade(&turns));
        Some(turns)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn an_account_has_two_calls_at_once_and_some_that_wait() {
        let (callers, [ann, ben]) = (Callers::default(), [(); 2].map(|()| AccountId::from(Uuid::now_v7())));
        let first = callers.pass(ann).await.unwrap();
        let _second = callers.pass(ann).await.unwrap();
        let mut waiting: Vec<_> = (AT_ONCE..MOST).map(|_| Box::pin(callers.pass(ann))).collect();
        for call in &mut waiting {
            assert!(poll!(call).is_pending());
        }
        assert!(callers.pass(ann).await.is_none(), "one too many");
        assert!(callers.pass(ben).await.is_some(), "which is nothing to others");
        drop(first);
        let third = waiting.remove(0).await;
        assert!(third.is_some(), "it has the turn that was given back");
        let mut last = pin!(callers.pass(ann));
        assert!(poll!(&mut last).is_pending(), "and there is a place to wait again");
    }

    #[tokio::test]
    async fn accounts_without_calls_are_forgotten() {
        let (callers, [ann, ben]) = (Callers::default(), [(); 2].map(|()| AccountId::from(Uuid::now_v7())));
        drop(callers.pass(ann).await);
        let _call = callers.pass(ben).await;
        assert_eq!(callers.0.lock().unwrap().len(), 1);
    }
}
