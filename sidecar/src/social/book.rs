//! Storage of parties.

use async_trait::async_trait;
use realmgate_platform::error::Error;
use tokio::sync::Mutex;

use super::parties::{Delivery, Failure, Parties};

/// The result of a change: the events to deliver.
pub(super) type Outcome = Result<Vec<Delivery>, Failure>;
/// Changes parties. It may be called more than once, each time with the current parties.
pub(super) type Rule<'a> = &'a mut (dyn FnMut(&mut Parties) -> Outcome + Send);

/// Stores parties.
#[async_trait]
pub(super) trait PartyBook: Send + Sync {
    /// Changes parties by a rule, without another change in between. After an error, most likely nothing has changed.
    async fn change(&self, rule: Rule<'_>) -> Result<Outcome, Error>;
}

/// Parties in the memory of this process.
#[derive(Default)]
pub(super) struct InProcessBook(Mutex<Parties>);

#[async_trait]
impl PartyBook for InProcessBook {
    async fn change(&self, rule: Rule<'_>) -> Result<Outcome, Error> {
        Ok(rule(&mut *self.0.lock().await))
    }
}
