//! The directory: which map servers are alive, and which users are online.

#[cfg(test)]
mod contract_tests;
mod in_process;
mod redis;
mod rules;
mod server;
mod sessions;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use realmgate_protocol::ids::{MapId, ServerId, TicketId};
use realmgate_protocol::link::ChannelLoad;

pub use self::redis::RedisRegistry;
pub use in_process::InProcessRegistry;
pub use rules::Change;
pub use server::{Cookie, LinkFacts, MapServer, Registration, Seat};
pub use sessions::{Present, SessionCharacter, SessionEntry, SessionRegistry, Sessions};

use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::redis_client::RedisClient;

use crate::lock::CookieHash;

/// How long a map server is listed after its last sign of life, in milliseconds.
pub const TTL_MS: u64 = 30_000;
/// How often map servers are to send a heartbeat, in milliseconds.
pub const HEARTBEAT_INTERVAL_MS: u64 = 15_000;

/// The outcome of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The cookie that the server shows to renew its registration.
    pub cookie: Cookie,
    /// Whether it was listed already.
    pub renewed: bool,
}

/// Computes the change of an entry from its current state, which is `None` if there is none. It may be called more than
/// once.
pub type Rule<'a> = &'a mut (dyn FnMut(Option<MapServer>) -> Result<Change, Error> + Send);

/// The list of map servers. An entry that is not renewed within [`TTL_MS`] is gone.
///
/// Each registry stores its entries in its own way; the rules by which they change are written once, below.
#[async_trait]
pub trait ServerRegistry: Send + Sync {
    /// Changes an entry by a rule, atomically: no other change comes in between.
    ///
    /// # Errors
    /// The rule's own error. `OVERLOADED` while Redis cannot be asked or the entry changes all the time, `INTERNAL`
    /// when the entry cannot be written as JSON.
    async fn change(&self, id: &ServerId, rule: Rule<'_>) -> Result<(), Error>;

    /// The entry as this process last knew it, if the map server's link is here. A lost entry is restored from it.
    fn last_known(&self, id: &ServerId) -> Option<MapServer>;

    /// Every live map server, by id.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn servers(&self) -> Result<Vec<MapServer>, Error>;

    /// Finds a live map server by id.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error>;

    /// Removes a map server from the list.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn remove(&self, id: &ServerId) -> Result<(), Error>;

    /// Reserves a seat for a player who is on the way, for `life` at most. Returns false if none is left or the server
    /// is not listed. Of the players who are counted already, `leaving` are about to make room. A seat that is reserved
    /// already is reserved anew.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn reserve(&self, id: &ServerId, seat: Seat, life: Duration, leaving: u32) -> Result<bool, Error>;

    /// Releases a seat that is not needed any more, or whose player has come.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn release_seat(&self, id: &ServerId, ticket: TicketId) -> Result<(), Error>;

    /// Lists a map server, or renews it. Which cookie it has was decided before: `resumed` says whether the process
    /// brought it along. Returns true if it was listed already.
    ///
    /// # Errors
    /// `SERVER_ID_TAKEN` when another id of the same name is listed, and as in [`ServerRegistry::change`].
    async fn list(&self, registration: &Registration, cookie: CookieHash, resumed: bool) -> Result<bool, Error> {
        let remembered = self.last_known(&registration.id);
        let mut renewed = false;
        let rule = &mut |existing: Option<MapServer>| {
            rules::check_name(existing.as_ref(), &registration.id)?;
            renewed = existing.is_some();
            Ok(rules::list(existing, remembered.as_ref(), registration, cookie, resumed))
        };
        self.change(&registration.id, rule).await?;
        Ok(renewed)
    }

    /// Renews a map server's entry by a heartbeat. Returns false if it is not listed and has to register again.
    ///
    /// # Errors
    /// As in [`ServerRegistry::change`].
    async fn heartbeat(&self, id: &ServerId, current_players: u32, load: f64) -> Result<bool, Error> {
        let update = &mut |server: &mut MapServer| {
            server.current_players = current_players;
            server.load = load;
        };
        rules::renew(self, id, update).await
    }

    /// Records that a sidecar holds the map link of a map server from now on, and renews the entry. Returns false if it
    /// is not listed.
    ///
    /// # Errors
    /// As in [`ServerRegistry::change`].
    async fn linked(&self, id: &ServerId, facts: LinkFacts) -> Result<bool, Error> {
        rules::renew(self, id, &mut |server: &mut MapServer| server.link = Some(facts.clone())).await
    }

    /// Records that a sidecar does not hold the map link any more. If another sidecar does by now, nothing changes.
    ///
    /// # Errors
    /// As in [`ServerRegistry::change`].
    async fn unlinked(&self, id: &ServerId, replica: &str) -> Result<(), Error> {
        self.change(id, &mut |existing| Ok(rules::unlink(existing, id, replica))).await
    }

    /// Records players by channel, as reported over the map link, and renews the entry. Returns false if the map server
    /// is not listed and has to register again. A process that was linked before it was listed, which its cookie shows,
    /// is recorded as linked from now on.
    ///
    /// # Errors
    /// As in [`ServerRegistry::change`].
    async fn set_load(
        &self,
        id: &ServerId,
        channels: Vec<ChannelLoad>,
        cookie: CookieHash,
        facts: LinkFacts,
    ) -> Result<bool, Error> {
        let update = &mut |server: &mut MapServer| {
            server.current_players = channels.iter().map(|load| u32::from(load.players)).sum();
            server.channel_loads.clone_from(&channels);
            if server.link.is_none() && server.cookie == cookie {
                server.link = Some(facts.clone());
            }
        };
        rules::renew(self, id, update).await
    }

    /// The live map servers of a map, the least loaded first.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    async fn hosting(&self, map: MapId) -> Result<Vec<MapServer>, Error> {
        let mut servers = self.servers().await?;
        servers.retain(|server| server.supported_maps.contains(&map));
        servers.sort_by(|a, b| a.fullness().total_cmp(&b.fullness()).then_with(|| a.id.cmp(&b.id)));
        Ok(servers)
    }
}

/// A shared handle on the registry.
#[derive(Clone)]
pub struct Registry(Arc<dyn ServerRegistry>);

impl Registry {
    /// The registry of the sidecar `replica`: in Redis where there is one, else in this process and empty.
    pub fn new(redis: Option<&RedisClient>, replica: &str, clock: Clock) -> Self {
        match redis {
            Some(redis) => Self(Arc::new(RedisRegistry::new(redis.clone(), replica, clock))),
            None => Self(Arc::new(InProcessRegistry::new(clock))),
        }
    }
}

impl Deref for Registry {
    type Target = dyn ServerRegistry;
    fn deref(&self) -> &(dyn ServerRegistry + 'static) {
        &*self.0
    }
}
