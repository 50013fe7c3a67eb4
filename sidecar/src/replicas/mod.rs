//! Messages between sidecars: what one asks another, and what it tells all.
//!
//! A map server's link is at one sidecar, a player's socket perhaps at another. The bus carries messages between them
//! and promises little: an ask is answered, or fails within its deadline with a reason; news may be lost. A sidecar
//! answers from what it knows, and nothing that must not be lost is sent over the bus alone.

mod alone;
mod envelope;
mod handler;
mod inbox;
#[cfg(test)]
pub(crate) mod memory;
mod messages;
mod redis;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::redis::RedisBus;
pub use alone::Alone;
pub use envelope::MAX_BYTES;
pub use handler::LocalReplica;
pub use messages::{Answer, Ask, News};

use realmgate_platform::redis_client::RedisClient;

/// Why an ask was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// There is no such sidecar (any more). It has not received the ask.
    #[error("there is no sidecar with this id")]
    Gone,
    /// No answer came in time. Whether the ask was received is unknown.
    #[error("the other sidecar did not answer in time")]
    Timeout,
    /// The bus itself is away. The ask was most likely not received.
    #[error("the bus between the sidecars is unavailable")]
    Down,
    /// The other sidecar, or this one, has too many asks to handle.
    #[error("too many requests between sidecars at once")]
    Overloaded,
    /// The other sidecar is of a version that does not understand the ask.
    #[error("the other sidecar has an incompatible version")]
    Incompatible,
    /// The ask, or its answer, is larger than [`MAX_BYTES`].
    #[error("the request or its response is too large")]
    TooLarge,
}

impl BusError {
    /// The error's name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Timeout => "timeout",
            Self::Down => "down",
            Self::Overloaded => "overloaded",
            Self::Incompatible => "incompatible",
            Self::TooLarge => "too_large",
        }
    }
}

/// The bus to the other sidecars.
#[async_trait]
pub trait ReplicaBus: Send + Sync {
    /// Starts listening: from now on, `handler` answers what others ask. Ends with `shutdown`. To be called once.
    fn start(&self, handler: Arc<dyn ReplicaHandler>, tasks: &TaskTracker, shutdown: CancellationToken);

    /// Asks one sidecar and waits for its answer, until the deadline at most.
    ///
    /// # Errors
    /// [`BusError`] when there is no answer, by its reason.
    async fn ask(&self, replica: &str, ask: Ask, deadline: Duration) -> Result<Answer, BusError>;

    /// Tells all other sidecars. One that is not there now does not get the news.
    async fn tell_all(&self, news: News);

    /// The sidecars that are alive, this one too, by id.
    ///
    /// # Errors
    /// [`BusError::Down`] when the bus is away.
    async fn replicas(&self) -> Result<Vec<String>, BusError>;
}

/// Answers other sidecars. Each call is a task of its own; one that takes longer than the asker waits is cancelled.
#[async_trait]
pub trait ReplicaHandler: Send + Sync {
    /// Answers an ask.
    async fn answer(&self, from: &str, ask: Ask) -> Answer;

    /// Handles news.
    async fn heard(&self, from: &str, news: News);
}

/// A shared handle on the bus.
#[derive(Clone)]
pub struct Replicas(Arc<dyn ReplicaBus>);

impl Replicas {
    /// The bus of the sidecar `id`: over Redis where there is one, else this sidecar is alone.
    pub fn new(redis: Option<&RedisClient>, id: &str) -> Self {
        match redis {
            Some(redis) => Self(Arc::new(RedisBus::new(redis.clone(), id))),
            None => Self(Arc::new(Alone::new(id))),
        }
    }
}

impl Deref for Replicas {
    type Target = dyn ReplicaBus;
    fn deref(&self) -> &(dyn ReplicaBus + 'static) {
        &*self.0
    }
}
