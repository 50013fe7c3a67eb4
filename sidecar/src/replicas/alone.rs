//! The bus of a sidecar that stands alone: there are no others.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answer, Ask, BusError, News, ReplicaBus, ReplicaHandler};

/// A bus without other sidecars.
pub struct Alone {
    id: String,
}

impl Alone {
    /// The bus of the only sidecar, with this id.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned() }
    }
}

#[async_trait]
impl ReplicaBus for Alone {
    fn start(&self, _handler: Arc<dyn ReplicaHandler>, _tasks: &TaskTracker, _shutdown: CancellationToken) {}

    async fn ask(&self, _replica: &str, _ask: Ask, _deadline: Duration) -> Result<Answer, BusError> {
        Err(BusError::Gone)
    }

    async fn tell_all(&self, _news: News) {}

    async fn replicas(&self) -> Result<Vec<String>, BusError> {
        Ok(vec![self.id.clone()])
    }
}
