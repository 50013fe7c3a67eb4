//! Which users are online: at which gateway, with which character, where that is, and how long that counts without renewal.
//!
//! Nothing that must be right is decided by an entry: locks do that. So an entry may be lost, and the sidecar that has
//! the user's socket or the link of its map server restores it at its next renewal. An entry that was removed stays
//! away until the user connects or enters anew.

mod in_process;
mod redis;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::redis_client::RedisClient;
use realmgate_protocol::ids::{MapId, ServerId};
use realmgate_protocol::movement::Position;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::in_process::InProcessSessions;
use self::redis::RedisSessions;

/// How long an entry lives that is not renewed, in milliseconds.
const TTL_MS: u64 = 45_000;

/// A user who is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// The id of the gateway that reports the user online.
    pub gateway_id: String,
    /// The session (`sid`) of the log-in that entered the world, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_in: Option<Uuid>,
    /// The character in the world, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character: Option<SessionCharacter>,
}

impl SessionEntry {
    /// The entry of a user who is connected to a gateway, and in no world.
    pub fn connected(gateway_id: &str) -> Self {
        Self { gateway_id: gateway_id.to_owned(), log_in: None, character: None }
    }
}

/// The character of a user who is in the world, and where it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionCharacter {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of the map server that has it.
    pub map_server: ServerId,
    /// The id of the map it is on.
    pub map_id: MapId,
    /// Its position on the map, in 1/1,024 tile; `None` if a map server without a map link does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Position>,
}

/// A user whose entry is renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The user's id.
    pub user: String,
    /// The user's character, if it is known better here than by the entry.
    pub character: Option<SessionCharacter>,
}

/// Users who are online.
#[async_trait]
pub trait SessionRegistry: Send + Sync {
    /// Marks a user online.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn set(&self, user: &str, entry: SessionEntry) -> Result<(), Error>;

    /// The entry of a user.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn get(&self, user: &str) -> Result<Option<SessionEntry>, Error>;

    /// Removes the entry of a user. No renewal brings it back.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn remove(&self, user: &str) -> Result<(), Error>;

    /// Renews the entries of users who are connected here, or play on a map server whose link is here. A lost entry is
    /// restored as it was when it was last renewed. A user who is not named any more belongs to another sidecar, or to
    /// none.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn renew(&self, present: &[Present]) -> Result<(), Error>;

    /// Marks a user connected to a gateway; the character in the world stays as it was.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn connected(&self, user: &str, gateway_id: &str) -> Result<(), Error> {
        let known = self.get(user).await?.unwrap_or_else(|| SessionEntry::connected(gateway_id));
        self.set(user, SessionEntry { gateway_id: gateway_id.to_owned(), ..known }).await
    }

    /// Records that a user's character has gone to another map or map server. A user without an entry gets none.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn moved(&self, user: &str, character: SessionCharacter) -> Result<(), Error> {
        match self.get(user).await? {
            Some(known) => self.set(user, SessionEntry { character: Some(character), ..known }).await,
            None => Ok(()),
        }
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
