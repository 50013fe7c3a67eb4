//! The registry of a fleet of sidecars: one key for each map server, which any sidecar reads, and changes again if
//! another was first.
//!
//! `map-server-…` is a JSON document that expires by itself; `servers` is the set of their names, so that listing them
//! does not search all keys; `seats:…` holds the seats of players who are on the way. Operators may look at all of it,
//! and anything may be lost: the sidecar that holds a map server's link restores its entry at the next load it gets.

mod document;
mod scripts;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use realmgate_protocol::ids::{ServerId, TicketId};

use self::document::{Document, parse_seat, seat_place};
use self::scripts::{LIST, REMOVE, REPLACE, RESERVE};
use super::rules::entry_name;
use super::{Change, MapServer, Rule, Seat, ServerRegistry, TTL_MS};

/// How often a change is tried while others change the same entry.
const TRIES: usize = 32;

/// Map servers in Redis.
pub struct RedisRegistry {
    redis: RedisClient,
    replica: String,
    clock: Clock,
    /// The last known entries of map servers whose links are here.
    linked_here: Mutex<HashMap<ServerId, MapServer>>,
}

/// An entry as Redis returns it: the document, its remaining life in milliseconds, and its seats by ticket.
type Row = (String, i64, HashMap<u64, String>);

impl RedisRegistry {
    /// The registry as the sidecar `replica` sees it.
    pub fn new(redis: RedisClient, replica: &str, clock: Clock) -> Self {
        Self { redis, replica: replica.to_owned(), clock, linked_here: Mutex::default() }
    }

    fn linked_here(&self) -> MutexGuard<'_, HashMap<ServerId, MapServer>> {
        self.linked_here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, server: MapServer) {
        if server.replica() == Some(self.replica.as_str()) {
            self.linked_here().insert(server.id.clone(), server);
        } else {
            self.linked_here().remove(&server.id);
        }
    }

    fn key(&self, id: &ServerId) -> String {
        self.redis.key(entry_name(id))
    }

    fn seats_key(&self, id: &ServerId) -> String {
        self.redis.key(format_args!("seats:{}", entry_name(id)))
    }

    fn index(&self) -> String {
        self.redis.key("servers")
    }

    /// All entries, or those of these names.
    async fn rows(&self, names: &[String]) -> Result<Vec<MapServer>, RedisFailed> {
        let mut list = LIST.prepare_invoke();
        list.key(self.index()).arg(self.redis.key("")).arg(names);
        let (now_ms, rows): (u64, Vec<Row>) = self
            .redis
            .call("directory_list", |mut redis| {
                let list = &list;
                async move { list.invoke_async(&mut redis).await }
            })
            .await?;
        Ok(rows.into_iter().filter_map(|row| self.shown(row, now_ms)).collect())
    }

    fn shown(&self, (text, left_ms, seats): Row, now_ms: u64) -> Option<MapServer> {
        let seats = seats.into_iter().filter_map(|(ticket, place)| parse_seat(TicketId(ticket), &place, now_ms));
        let server = MapServer {
            expires_at_ms: self.clock.now_ms().saturating_add(left_ms.try_into().unwrap_or(0)),
            seats: seats.collect(),
            ..Document::read(&text)?
        };
        Some(server)
    }

    /// Replaces an entry if it is still `before` (compare-and-swap). With a `ttl_ms` of 0 it keeps its expiry.
    async fn replace(&self, id: &ServerId, before: &str, after: &str, ttl_ms: u64) -> Result<bool, RedisFailed> {
        let mut replace = REPLACE.key(self.key(id));
        replace.key(self.index()).arg(before).arg(after).arg(ttl_ms).arg(entry_name(id));
        let replace = &replace;
        self.redis.call("directory_write", |mut redis| async move { replace.invoke_async(&mut redis).await }).await
    }
}

#[async_trait]
impl ServerRegistry for RedisRegistry {
    async fn change(&self, id: &ServerId, rule: Rule<'_>) -> Result<(), Error> {
        let key = &self.key(id);
        for _ in 0..TRIES {
            let get = |mut redis| async move { redis::cmd("GET").arg(key).query_async(&mut redis).await };
            let before: Option<String> = self.redis.call("directory_read", get).await?;
            let (server, ttl_ms) = match rule(before.as_deref().and_then(Document::read))? {
                Change::None => return Ok(()),
                Change::Keep(server) => (server, 0),
                Change::Renew(server) => (server, TTL_MS),
            };
            let after = Document::write(&server)?;
            if self.replace(id, before.as_deref().unwrap_or(""), &after, ttl_ms).await? {
                self.remember(server);
                return Ok(());
            }
        }
        Err(Error::new(ErrorCode::Overloaded, "The map server's entry is changing too often"))
    }

    fn last_known(&self, id: &ServerId) -> Option<MapServer> {
        self.linked_here().get(id).cloned()
    }

    async fn servers(&self) -> Result<Vec<MapServer>, Error> {
        let mut servers = self.rows(&[]).await?;
        servers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(servers)
    }

    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error> {
        let found = self.rows(&[entry_name(id)]).await?;
        Ok(found.into_iter().find(|server| server.id == *id))
    }

    async fn remove(&self, id: &ServerId) -> Result<(), Error> {
        self.linked_here().remove(id);
        let mut remove = REMOVE.key(self.key(id));
        remove.key(self.seats_key(id)).key(self.index()).arg(id.as_str()).arg(entry_name(id));
        let remove = &remove;
        self.redis
            .call("directory_remove", |mut redis| async move { remove.invoke_async::<()>(&mut redis).await })
            .await?;
        Ok(())
    }

    async fn reserve(&self, id: &ServerId, seat: Seat, life: Duration, leaving: u32) -> Result<bool, Error> {
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let mut reserve = RESERVE.key(self.key(id));
        reserve.key(self.seats_key(id));
        reserve.arg(id.as_str()).arg(seat.ticket.0).arg(seat_place(&seat)).arg(life_ms).arg(leaving);
        let reserve = &reserve;
        let reserved =
            self.redis.call("seat_reserve", |mut redis| async move { reserve.invoke_async(&mut redis).await }).await?;
        Ok(reserved)
    }

    async fn release_seat(&self, id: &ServerId, ticket: TicketId) -> Result<(), Error> {
        let key = &self.seats_key(id);
        let delete = |mut redis| async move { redis::cmd("HDEL").arg(key).arg(ticket.0).exec_async(&mut redis).await };
        self.redis.call("seat_release", delete).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
