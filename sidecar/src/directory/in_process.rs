//! The registry of a sidecar that stands alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use realmgate_protocol::ids::ServerId;

use super::{Cookie, MapServer, Registered, Registration, ServerRegistry, TTL_MS};
use crate::clock::Clock;
use crate::error::{Error, ErrorCode};

/// Map servers in the memory of this process.
pub struct InProcessRegistry {
    clock: Clock,
    servers: Mutex<BTreeMap<ServerId, MapServer>>,
}

impl InProcessRegistry {
    /// An empty registry.
    pub fn new(clock: Clock) -> Self {
        Self { clock, servers: Mutex::default() }
    }

    /// The servers that are still alive.
    fn alive(&self) -> MutexGuard<'_, BTreeMap<ServerId, MapServer>> {
        let now_ms = self.clock.now_ms();
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|_, server| server.expires_at_ms > now_ms);
        servers
    }
}

#[async_trait]
impl ServerRegistry for InProcessRegistry {
    async fn register(&self, registration: Registration) -> Result<Registered, Error> {
        let expires_at_ms = self.clock.now_ms().saturating_add(TTL_MS);
        let mut servers = self.alive();
        let existing = servers.get(&registration.id);
        let same_process = existing.is_some_and(|server| registration.cookie.as_ref() == Some(&server.cookie));
        let same_place =
            existing.is_some_and(|server| server.ip == registration.ip && server.port == registration.port);
        if existing.is_some() && !same_process && !same_place {
            return Err(ErrorCode::ServerIdTaken.into());
        }
        // A cookie of an entry that has expired since is taken back; one that is not the live entry's, or none at all,
        // means a new process.
        let resumed = registration.cookie.is_some() && (same_process || existing.is_none());
        let cookie = match registration.cookie {
            Some(cookie) if resumed => cookie,
            _ => Cookie::random()?,
        };
        let (current_players, load) = match existing {
            Some(server) if same_process => (server.current_players, server.load),
            _ => (0, 0.0),
        };
        let renewed = existing.is_some();
        let server = MapServer {
            id: registration.id.clone(),
            name: registration.name,
            ip: registration.ip,
            port: registration.port,
            supported_maps: registration.supported_maps,
            max_players: registration.max_players,
            current_players,
            load,
            expires_at_ms,
            cookie: cookie.clone(),
            resumed,
        };
        servers.insert(registration.id, server);
        Ok(Registered { cookie, renewed })
    }

    async fn heartbeat(&self, id: &ServerId, current_players: u32, load: f64) -> Result<bool, Error> {
        let expires_at_ms = self.clock.now_ms().saturating_add(TTL_MS);
        let mut servers = self.alive();
        let Some(server) = servers.get_mut(id) else { return Ok(false) };
        server.current_players = current_players;
        server.load = load;
        server.expires_at_ms = expires_at_ms;
        Ok(true)
    }

    async fn servers(&self) -> Result<Vec<MapServer>, Error> {
        Ok(self.alive().values().cloned().collect())
    }

    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error> {
        Ok(self.alive().get(id).cloned())
    }

    async fn remove(&self, id: &ServerId) -> Result<(), Error> {
        self.alive().remove(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use realmgate_protocol::ids::MapId;

    use super::*;

    fn registration(port: u16, cookie: Option<Cookie>) -> Registration {
        Registration {
            id: "map-server-1".parse().unwrap(),
            name: "One".to_owned(),
            ip: [127, 0, 0, 1].into(),
            port,
            supported_maps: vec![MapId(1)],
            max_players: 2,
            cookie,
        }
    }

    #[tokio::test]
    async fn an_entry_ends_unless_it_is_renewed() {
        let clock = Clock::manual(0);
        let registry = InProcessRegistry::new(clock.clone());
        let id: ServerId = "map-server-1".parse().unwrap();
        assert!(!registry.heartbeat(&id, 0, 0.0).await.unwrap(), "unknown servers register first");
        registry.register(registration(4001, None)).await.unwrap();
        clock.advance(Duration::from_millis(TTL_MS - 1));
        assert!(registry.heartbeat(&id, 1, 1.0).await.unwrap());
        clock.advance(Duration::from_millis(TTL_MS - 1));
        assert_eq!(registry.hosting(MapId(1)).await.unwrap().len(), 1);
        clock.advance(Duration::from_millis(1));
        assert!(registry.servers().await.unwrap().is_empty(), "30 s after the last heartbeat it is gone");
        assert!(!registry.heartbeat(&id, 1, 1.0).await.unwrap());
    }

    #[tokio::test]
    async fn a_live_id_is_taken_for_others() {
        let clock = Clock::manual(0);
        let registry = InProcessRegistry::new(clock.clone());
        let first = registry.register(registration(4001, None)).await.unwrap();
        assert!(!first.renewed);
        let thief = registry.register(registration(4002, None)).await.unwrap_err();
        assert_eq!(thief.code, ErrorCode::ServerIdTaken);
        let stranger = registry.register(registration(4002, Some(Cookie::random().unwrap()))).await.unwrap_err();
        assert_eq!(stranger.code, ErrorCode::ServerIdTaken);
        let moved = registry.register(registration(4002, Some(first.cookie.clone()))).await.unwrap();
        assert_eq!(moved, Registered { cookie: first.cookie.clone(), renewed: true });
        clock.advance(Duration::from_millis(TTL_MS));
        assert!(!registry.register(registration(4003, None)).await.unwrap().renewed, "the dead do not own their id");
    }

    #[tokio::test]
    async fn a_restart_in_place_is_another_process() {
        let registry = InProcessRegistry::new(Clock::manual(0));
        let first = registry.register(registration(4001, None)).await.unwrap();
        let second = registry.register(registration(4001, None)).await.unwrap();
        assert!(second.renewed, "the same address renews");
        assert_ne!(first.cookie, second.cookie, "without its cookie it is a new process");
        let id = "map-server-1".parse().unwrap();
        assert!(!registry.find(&id).await.unwrap().unwrap().resumed);
    }
}
