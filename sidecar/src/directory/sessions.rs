//! Which users are online, and by which gateway.
//!
//! What an entry says decides nothing that must be right: locks do. So an entry may be lost, and whoever has the user's
//! socket or the link of its map server puts it back when it next renews it.

mod in_process;
mod redis;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use self::in_process::InProcessSessions;
use self::redis::RedisSessions;
use crate::clock::Clock;
use crate::error::Error;
use crate::redis_client::RedisClient;

/// How long an entry lives that nobody renews.
const TTL_MS: u64 = 45_000;

/// A user who is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// The gateway that says so.
    pub gateway_id: String,
    /// The log-in (`sid`) that entered the world, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_in: Option<String>,
}

/// Users who are online.
#[async_trait]
pub trait SessionRegistry: Send + Sync {
    /// Marks a user online.
    async fn set(&self, user: &str, entry: SessionEntry) -> Result<(), Error>;

    /// The entry of a user.
    async fn get(&self, user: &str) -> Result<Option<SessionEntry>, Error>;

    /// Removes the entry of a user.
    async fn remove(&self, user: &str) -> Result<(), Error>;

    /// Renews the entries of users who are connected here, or play where the map link is here. One that was lost is put
    /// back as it was when it was last renewed. Who is not named any more is another sidecar's, or nobody's.
    async fn renew(&self, users: &[String]) -> Result<(), Error>;

    /// Marks a user connected to a gateway; which log-in entered the world stays as it was.
    async fn connected(&self, user: &str, gateway_id: &str) -> Result<(), Error> {
        let log_in = self.get(user).await?.and_then(|entry| entry.log_in);
        self.set(user, SessionEntry { gateway_id: gateway_id.to_owned(), log_in }).await
    }
}

/// A shared handle on the session entries.
#[derive(Clone)]
pub struct Sessions(Arc<dyn SessionRegistry>);

impl Sessions {
    /// The entries as the sidecar `replica` sees them: in Redis where there is one, else in this process.
    pub fn new(redis: Option<&RedisClient>, replica: &str, clock: Clock) -> Self {
        match redis {
            Some(redis) => Self(Arc::new(RedisSessions::new(redis.clone(), replica))),
            None => Self(Arc::new(InProcessSessions::new(replica, clock))),
        }
    }
}

impl Deref for Sessions {
    type Target = dyn SessionRegistry;
    fn deref(&self) -> &(dyn SessionRegistry + 'static) {
        &*self.0
    }
}
