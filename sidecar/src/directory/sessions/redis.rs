//! The session entries of a fleet of sidecars: `session:<user>` is a JSON document that ends by itself.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use redis::Script;

use super::{SessionEntry, SessionRegistry, TTL_MS};
use crate::error::Error;
use crate::redis_client::{RedisClient, RedisFailed};

/// Entries that are renewed in one step: others use Redis in between.
const AT_ONCE: usize = 256;

/// Renews entries, or puts them back; what they say.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local entries = {}
        for i, key in ipairs(KEYS) do
            local entry = redis.call('GET', key)
            if entry then
                redis.call('PEXPIRE', key, ARGV[1])
            else
                entry = ARGV[i + 1]
                redis.call('SET', key, entry, 'PX', ARGV[1])
            end
            entries[i] = entry
        end
        return entries
        ",
    )
});

/// Entries in Redis.
pub(super) struct RedisSessions {
    redis: RedisClient,
    replica: String,
    /// What this sidecar put there, or saw there when it last renewed it.
    known: Mutex<HashMap<String, SessionEntry>>,
}

impl RedisSessions {
    pub(super) fn new(redis: RedisClient, replica: &str) -> Self {
        Self { redis, replica: replica.to_owned(), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, SessionEntry>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, user: &str) -> String {
        self.redis.key(format_args!("session:{user}"))
    }

    /// What is put back where an entry was lost.
    fn recall(&self, user: &str) -> SessionEntry {
        let unknown = || SessionEntry { gateway_id: self.replica.clone(), log_in: None };
        self.known().get(user).cloned().unwrap_or_else(unknown)
    }

    async fn renew_some(&self, users: &[String]) -> Result<Vec<String>, Error> {
        let mut renew = RENEW.prepare_invoke();
        renew.arg(TTL_MS);
        for user in users {
            renew.key(self.key(user)).arg(write(&self.recall(user))?);
        }
        let renew = &renew;
        Ok(self.redis.call("sessions_renew", |mut redis| async move { renew.invoke_async(&mut redis).await }).await?)
    }
}

#[async_trait]
impl SessionRegistry for RedisSessions {
    async fn set(&self, user: &str, entry: SessionEntry) -> Result<(), Error> {
        let (key, text) = (&self.key(user), &write(&entry)?);
        // Known even where it can not be written: the next renewal does.
        self.known().insert(user.to_owned(), entry);
        let set = |mut redis| async move {
            redis::cmd("SET").arg(key).arg(text).arg("PX").arg(TTL_MS).exec_async(&mut redis).await
        };
        Ok(self.redis.call("session_set", set).await?)
    }

    async fn get(&self, user: &str) -> Result<Option<SessionEntry>, Error> {
        let key = &self.key(user);
        let get = |mut redis| async move { redis::cmd("GET").arg(key).query_async(&mut redis).await };
        let text: Option<String> = self.redis.call("session_get", get).await?;
        Ok(text.as_deref().and_then(read))
    }

    async fn remove(&self, user: &str) -> Result<(), Error> {
        self.known().remove(user);
        let key = &self.key(user);
        let delete = |mut redis| async move { redis::cmd("DEL").arg(key).exec_async(&mut redis).await };
        Ok::<_, RedisFailed>(self.redis.call("session_remove", delete).await?).map_err(Error::from)
    }

    async fn renew(&self, users: &[String]) -> Result<(), Error> {
        let mut renewed = HashMap::with_capacity(users.len());
        for some in users.chunks(AT_ONCE) {
            let entries = self.renew_some(some).await?;
            let entries = entries.iter().map(|text| read(text));
            renewed.extend(some.iter().cloned().zip(entries).filter_map(|(user, entry)| Some((user, entry?))));
        }
        *self.known() = renewed;
        Ok(())
    }
}

fn write(entry: &SessionEntry) -> Result<String, Error> {
    serde_json::to_string(entry).map_err(Error::internal)
}

/// An entry that cannot be read is as good as lost.
fn read(text: &str) -> Option<SessionEntry> {
    serde_json::from_str(text).inspect_err(|error| tracing::warn!(%error, "a session entry cannot be read")).ok()
}
