//! The session entries of a fleet of sidecars: `session:<user>` is a JSON document that expires by itself. Beside it,
//! `session-ended:<user>` says that it was removed, for as long as somebody would renew it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use realmgate_platform::error::Error;
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use redis::Script;

use super::{Present, SessionEntry, SessionRegistry, TTL_MS};

/// Maximum number of entries renewed in one step, so that others can use Redis in between.
const AT_ONCE: usize = 256;

/// Renews or restores entries, except those that were removed. Returns each entry's text, empty for a removed one.
/// Takes for each user two keys, the entry to restore, and the character if it is known better.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local entries = {}
        for i = 1, #KEYS / 2 do
            local key, ended = KEYS[2 * i - 1], KEYS[2 * i]
            local lost, character = ARGV[2 * i], ARGV[2 * i + 1]
            if redis.call('PEXPIRE', ended, ARGV[1]) == 1 then
                entries[i] = ''
            else
                local entry = redis.call('GET', key) or lost
                if character ~= '' then
                    local readable, known = pcall(cjson.decode, entry)
                    if not readable or type(known) ~= 'table' then
                        known = cjson.decode(lost)
                    end
                    known.character = cjson.decode(character)
                    entry = cjson.encode(known)
                end
                redis.call('SET', key, entry, 'PX', ARGV[1])
                entries[i] = entry
            end
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

    fn ended_key(&self, user: &str) -> String {
        self.redis.key(format_args!("session-ended:{user}"))
    }

    /// The entry to restore if it was lost.
    fn recall(&self, user: &str) -> SessionEntry {
        self.known().get(user).cloned().unwrap_or_else(|| SessionEntry::connected(&self.replica))
    }

    async fn renew_some(&self, present: &[Present]) -> Result<Vec<String>, Error> {
        let mut renew = RENEW.prepare_invoke();
        renew.arg(TTL_MS);
        for Present { user, character } in present {
            let character = character.as_ref().map_or_else(|| Ok(String::new()), write)?;
            renew.key(self.key(user)).key(self.ended_key(user)).arg(write(&self.recall(user))?).arg(character);
        }
        let renew = &renew;
        Ok(self.redis.call("sessions_renew", |mut redis| async move { renew.invoke_async(&mut redis).await }).await?)
    }
}

#[async_trait]
impl SessionRegistry for RedisSessions {
    async fn set(&self, user: &str, entry: SessionEntry) -> Result<(), Error> {
        let (key, ended, text) = (&self.key(user), &self.ended_key(user), &write(&entry)?);
        // Remembered even if it cannot be written: the next renewal writes it.
        self.known().insert(user.to_owned(), entry);
        let set = |mut redis| async move {
            let mut both = redis::pipe();
            both.atomic().del(ended).cmd("SET").arg(key).arg(text).arg("PX").arg(TTL_MS);
            both.exec_async(&mut redis).await
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
        let (key, ended) = (&self.key(user), &self.ended_key(user));
        let delete = |mut redis| async move {
            let mut both = redis::pipe();
            both.atomic().del(key).cmd("SET").arg(ended).arg("").arg("PX").arg(TTL_MS);
            both.exec_async(&mut redis).await
        };
        Ok::<_, RedisFailed>(self.redis.call("session_remove", delete).await?).map_err(Error::from)
    }

    async fn renew(&self, present: &[Present]) -> Result<(), Error> {
        let mut renewed = HashMap::with_capacity(present.len());
        for some in present.chunks(AT_ONCE) {
            let entries = self.renew_some(some).await?;
            let entries = entries.iter().map(|text| if text.is_empty() { None } else { read(text) });
            let users = some.iter().map(|present| present.user.clone());
            renewed.extend(users.zip(entries).filter_map(|(user, entry)| Some((user, entry?))));
        }
        *self.known() = renewed;
        Ok(())
    }
}

fn write(written: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(written).map_err(Error::internal)
}

/// Parses an entry. One that cannot be read counts as lost.
fn read(text: &str) -> Option<SessionEntry> {
    serde_json::from_str(text).inspect_err(|error| tracing::warn!(%error, "cannot parse a session entry in Redis")).ok()
}
