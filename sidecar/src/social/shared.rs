//! Parties that all sidecars share, in Redis.
//!
//! `parties` is a hash: a JSON document for each party under its id, `last` with the last id that was given out, and
//! `version`, which grows with every change. A sidecar keeps what it saw last. So it only asks for the version as long
//! as nobody else changes anything, and restores what it saw if Redis has started empty, or with something older.

mod document;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use async_trait::async_trait;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use redis::Script;
use tokio::sync::Mutex;
use uuid::Uuid;

use self::document::Document;
use super::book::{Outcome, PartyBook, Rule};
use super::parties::Parties;

/// Maximum number of tries while others change parties too.
const TRIES: usize = 32;
const VERSION: &str = "version";
const LAST: &str = "last";

/// Returns the version, and all parties unless the caller knows that version.
static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local version = redis.call('HGET', KEYS[1], 'version') or ''
        if version == ARGV[1] then return {version, {}} end
        return {version, redis.call('HGETALL', KEYS[1])}
        ",
    )
});

/// Writes fields if the version has not changed. Empty fields are deleted.
static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'version', ARGV[2])
        for i = 3, #ARGV, 2 do
            if ARGV[i + 1] == '' then
                redis.call('HDEL', KEYS[1], ARGV[i])
            else
                redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
            end
        end
        return 1
        ",
    )
});

/// Parties in Redis.
pub(super) struct SharedBook {
    redis: RedisClient,
    seen: Mutex<Seen>,
}

/// What this sidecar saw last. Without a version, it saw nothing yet.
#[derive(Default)]
struct Seen {
    version: String,
    parties: Parties,
}

/// Fields to write, with their text; an empty text deletes the field.
type Fields = Vec<(String, String)>;

impl SharedBook {
    pub(super) fn new(redis: RedisClient) -> Self {
        Self { redis, seen: Mutex::default() }
    }

    /// Brings what was seen up to date with Redis.
    async fn catch_up(&self, seen: &mut Seen) -> Result<(), Error> {
        let (version, fields) = self.read(&seen.version).await?;
        if version == seen.version {
            return Ok(());
        }
        let parties = parse(fields);
        if count_of(&version) < count_of(&seen.version) {
            // Redis has started empty. If another sidecar is faster, the next look shows what it has restored.
            self.write(&version, &seen.version, &changes(&parties, &seen.parties)?).await?;
        } else {
            *seen = Seen { version, parties };
        }
        Ok(())
    }

    async fn read(&self, known: &str) -> Result<(String, HashMap<String, String>), RedisFailed> {
        let mut read = READ.key(self.redis.key("parties"));
        read.arg(known);
        let read = &read;
        self.redis.call("parties_read", |mut redis| async move { read.invoke_async(&mut redis).await }).await
    }

    async fn write(&self, before: &str, after: &str, fields: &Fields) -> Result<bool, RedisFailed> {
        let mut write = WRITE.key(self.redis.key("parties"));
        write.arg(before).arg(after);
        for (field, value) in fields {
            write.arg(field).arg(value);
        }
        let write = &write;
        self.redis.call("parties_write", |mut redis| async move { write.invoke_async(&mut redis).await }).await
    }
}

#[async_trait]
impl PartyBook for SharedBook {
    async fn change(&self, rule: Rule<'_>) -> Result<Outcome, Error> {
        // Held throughout: changes of this sidecar need not race each other.
        let mut seen = self.seen.lock().await;
        for _ in 0..TRIES {
            self.catch_up(&mut seen).await?;
            let mut parties = seen.parties.clone();
            let outcome = rule(&mut parties);
            let fields = changes(&seen.parties, &parties)?;
            if fields.is_empty() {
                return Ok(outcome);
            }
            let version = format!("{}-{}", count_of(&seen.version) + 1, Uuid::new_v4().simple());
            if self.write(&seen.version, &version, &fields).await? {
                *seen = Seen { version, parties };
                return Ok(outcome);
            }
        }
        Err(Error::new(ErrorCode::Overloaded, "The parties are changing too often"))
    }
}

/// The number of the change that led to a version. The rest of the version tells two independent changes apart.
fn count_of(version: &str) -> u64 {
    version.split('-').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The fields that differ.
fn changes(before: &Parties, after: &Parties) -> Result<Fields, Error> {
    let (old, new) = (before.all(), after.all());
    let mut fields = Fields::new();
    for (id, party) in new.iter().filter(|(id, party)| old.get(id) != Some(party)) {
        fields.push((id.to_string(), Document::write(party)?));
    }
    fields.extend(old.keys().filter(|id| !new.contains_key(id)).map(|id| (id.to_string(), String::new())));
    if before.last_id() != after.last_id() {
        fields.push((LAST.to_owned(), after.last_id().to_string()));
    }
    Ok(fields)
}

/// Parses the fields. A party that cannot be read is as good as lost.
fn parse(mut fields: HashMap<String, String>) -> Parties {
    fields.remove(VERSION);
    let last_id = fields.remove(LAST).and_then(|last| last.parse().ok()).unwrap_or(0);
    let parties = fields.into_iter().filter_map(|(id, text)| Some((id.parse().ok()?, Document::read(&text)?)));
    Parties::restore(parties.collect::<BTreeMap<_, _>>(), last_id)
}

#[cfg(test)]
mod tests;
