//! The bus over Redis: a channel for each sidecar, and one for all.

mod asked;
mod listen;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::asked::Asked;
use super::envelope::{Content, Envelope};
use super::inbox::Inbox;
use super::{Answer, Ask, BusError, News, ReplicaBus, ReplicaHandler};

/// Exchanges messages with other sidecars over Redis. Lost connections are made anew.
#[derive(Clone)]
pub struct RedisBus(Arc<Shared>);

struct Shared {
    redis: RedisClient,
    id: String,
    asked: Asked,
    /// Whether this sidecar receives messages.
    listening: watch::Sender<bool>,
}

impl RedisBus {
    /// The bus of the sidecar `id`, which receives nothing until it is started.
    pub fn new(redis: RedisClient, id: &str) -> Self {
        let (id, asked, listening) = (id.to_owned(), Asked::default(), watch::Sender::new(false));
        Self(Arc::new(Shared { redis, id, asked, listening }))
    }

    /// Waits until this sidecar receives messages, or does not any more.
    #[cfg(test)]
    pub(crate) async fn is_listening(&self, listening: bool) {
        self.0.listening.subscribe().wait_for(|now| *now == listening).await.unwrap();
    }
}

impl Shared {
    fn channel_of(&self, replica: &str) -> String {
        self.redis.key(format_args!("replica:{replica}"))
    }

    fn channel_of_all(&self) -> String {
        self.redis.key("replicas")
    }

    fn alive_key(&self, replica: &str) -> String {
        self.redis.key(format_args!("replica:{replica}:alive"))
    }

    /// Publishes a message; returns how many subscribers receive it.
    async fn publish(&self, channel: &str, sealed: &[u8]) -> Result<u64, RedisFailed> {
        let publish =
            |mut redis| async move { redis::cmd("PUBLISH").arg(channel).arg(sealed).query_async(&mut redis).await };
        self.redis.call("publish", publish).await
    }

    async fn ask(&self, replica: &str, ask: &Ask, deadline: Duration) -> Result<Answer, BusError> {
        if !*self.listening.borrow() {
            // We would not receive the answer.
            return Err(BusError::Down);
        }
        let (waiting, id) = self.asked.expect()?;
        let content = Content::ask(ask, deadline).map_err(|_| BusError::TooLarge)?;
        let sealed = Envelope::new(&self.id, id, content).seal().map_err(|_| BusError::TooLarge)?;
        let exchange = async {
            let heard = self.publish(&self.channel_of(replica), &sealed).await.map_err(|_| BusError::Down)?;
            if heard == 0 { Err(BusError::Gone) } else { waiting.answer().await }
        };
        tokio::time::timeout(deadline, exchange).await.unwrap_or(Err(BusError::Timeout))
    }

    async fn reply(&self, to: &str, id: Uuid, content: Content) {
        let Ok(sealed) = Envelope::new(&self.id, id, content).seal() else { return };
        if let Err(error) = self.publish(&self.channel_of(to), &sealed).await {
            tracing::warn!(to, %error, "cannot send a response to another sidecar");
        }
    }
}

#[async_trait]
impl ReplicaBus for RedisBus {
    fn start(&self, handler: Arc<dyn ReplicaHandler>, tasks: &TaskTracker, shutdown: CancellationToken) {
        let inbox = Inbox::new(handler, tasks.clone());
        tasks.spawn(listen::listen(self.0.clone(), inbox, shutdown));
    }

    async fn ask(&self, replica: &str, ask: Ask, deadline: Duration) -> Result<Answer, BusError> {
        let answer = self.0.ask(replica, &ask, deadline).await;
        let result = answer.as_ref().map_or_else(|error| error.name(), |_| "ok");
        metrics::counter!("realmgate_replica_asks_total", "ask" => ask.name(), "result" => result).increment(1);
        answer
    }

    async fn tell_all(&self, news: News) {
        let sealed = Content::news(&news).and_then(|content| Envelope::new(&self.0.id, Uuid::nil(), content).seal());
        let told = match sealed {
            Ok(sealed) => self.0.publish(&self.0.channel_of_all(), &sealed).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = told {
            tracing::debug!(error, "cannot send a notice to the other sidecars");
        }
    }

    async fn replicas(&self) -> Result<Vec<String>, BusError> {
        listen::alive(&self.0).await.map_err(|_| BusError::Down)
    }
}

#[cfg(test)]
mod tests;
