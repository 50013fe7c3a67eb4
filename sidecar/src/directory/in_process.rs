//! The registry of a sidecar that stands alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{ServerId, TicketId};

use super::rules::entry_name;
use super::{Change, MapServer, Rule, Seat, ServerRegistry, TTL_MS};

/// Map servers in the memory of this process.
pub struct InProcessRegistry {
    clock: Clock,
    entries: Mutex<BTreeMap<String, Entry>>,
}

struct Entry {
    /// Without its seats.
    server: MapServer,
    seats: HashMap<TicketId, (Seat, u64)>,
}

impl InProcessRegistry {
    /// An empty registry.
    pub fn new(clock: Clock) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// The servers that are still alive, with the seats that are still kept.
    fn alive(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        let now_ms = self.clock.now_ms();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.server.expires_at_ms > now_ms);
        for entry in entries.values_mut() {
            entry.seats.retain(|_, (_, expires_at_ms)| *expires_at_ms > now_ms);
        }
        entries
    }
}

impl Entry {
    fn shown(&self) -> MapServer {
        MapServer { seats: self.seats.values().map(|(seat, _)| *seat).collect(), ..self.server.clone() }
    }
}

#[async_trait]
impl ServerRegistry for InProcessRegistry {
    async fn change(&self, id: &ServerId, rule: Rule<'_>) -> Result<(), Error> {
        let name = entry_name(id);
        let mut entries = self.alive();
        let existing = entries.get(&name);
        let ends_at_ms = existing.map_or(0, |entry| entry.server.expires_at_ms);
        let (server, expires_at_ms) = match rule(existing.map(Entry::shown))? {
            Change::None => return Ok(()),
            Change::Keep(server) => (server, ends_at_ms),
            Change::Renew(server) => (server, self.clock.now_ms().saturating_add(TTL_MS)),
        };
        let seats = entries.remove(&name).map(|entry| entry.seats).unwrap_or_default();
        let server = MapServer { expires_at_ms, seats: Vec::new(), ..server };
        entries.insert(name, Entry { server, seats });
        Ok(())
    }

    fn last_known(&self, _id: &ServerId) -> Option<MapServer> {
        // Entries here are lost only with this process.
        None
    }

    async fn servers(&self) -> Result<Vec<MapServer>, Error> {
        let mut servers: Vec<_> = self.alive().values().map(Entry::shown).collect();
        servers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(servers)
    }

    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error> {
        Ok(self.alive().get(&entry_name(id)).filter(|entry| entry.server.id == *id).map(Entry::shown))
    }

    async fn remove(&self, id: &ServerId) -> Result<(), Error> {
        let mut entries = self.alive();
        let name = entry_name(id);
        if entries.get(&name).is_some_and(|entry| entry.server.id == *id) {
            entries.remove(&name);
        }
        Ok(())
    }

    async fn reserve(&self, id: &ServerId, seat: Seat, life: Duration, leaving: u32) -> Result<bool, Error> {
        let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        let expires_at_ms = self.clock.now_ms().saturating_add(life_ms);
        let mut entries = self.alive();
        let entry = entries.get_mut(&entry_name(id)).filter(|entry| entry.server.id == *id);
        let Some(Entry { server, seats }) = entry else { return Ok(false) };
        let kept = seats.keys().filter(|ticket| **ticket != seat.ticket).count();
        let present = server.current_players.saturating_sub(leaving);
        let is_full = server.is_full(seat.map, seat.channel);
        if is_full || u64::from(present) + kept as u64 >= u64::from(server.max_players) {
            return Ok(false);
        }
        seats.insert(seat.ticket, (seat, expires_at_ms));
        Ok(true)
    }

    async fn release_seat(&self, id: &ServerId, ticket: TicketId) -> Result<(), Error> {
        if let Some(entry) = self.alive().get_mut(&entry_name(id)) {
            entry.seats.remove(&ticket);
        }
        Ok(())
    }
}
