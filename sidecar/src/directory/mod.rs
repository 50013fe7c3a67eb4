//! Who is there: which map servers are alive, and which users are online.

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
pub use sessions::{SessionEntry, SessionRegistry, Sessions};

use crate::clock::Clock;
use crate::error::Error;
use crate::lock::CookieHash;
use crate::redis_client::RedisClient;

/// How long a map server is listed after it was last heard of.
pub const TTL_MS: u64 = 30_000;
/// How often map servers are to be heard of.
pub const HEARTBEAT_INTERVAL_MS: u64 = 15_000;

/// What a registration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What the server shows to renew.
    pub cookie: Cookie,
    /// Whether it was listed already.
    pub renewed: bool,
}

/// Says what becomes of an entry as it stands; `None` where there is none. It may be asked more than once.
pub type Rule<'a> = &'a mut (dyn FnMut(Option<MapServer>) -> Result<Change, Error> + Send);

/// Where map servers are listed. An entry that is not renewed within [`TTL_MS`] is gone.
///
/// Where entries lie is each registry's own; the rules by which they change are written once, below.
#[async_trait]
pub trait ServerRegistry: Send + Sync {
    /// Changes an entry by a rule; nobody else's change comes in between.
    async fn change(&self, id: &ServerId, rule: Rule<'_>) -> Result<(), Error>;

    /// The entry as this process knew it last, where the map server's link is here: with it a lost entry is put back.
    fn recall(&self, id: &ServerId) -> Option<MapServer>;

    /// Every live map server, by id.
    async fn servers(&self) -> Result<Vec<MapServer>, Error>;

    /// One map server.
    async fn find(&self, id: &ServerId) -> Result<Option<MapServer>, Error>;

    /// Takes a map server off the list.
    async fn remove(&self, id: &ServerId) -> Result<(), Error>;

    /// Keeps a place for a player who is on the way, for `life` at most; false where none is left. Of those who are
    /// counted already, `leaving` are about to make room. A seat that is kept already is kept anew.
    async fn reserve(&self, id: &ServerId, seat: Seat, life: Duration, leaving: u32) -> Result<bool, Error>;

    /// Gives a place back, or up to the player who has come.
    async fn release_seat(&self, id: &ServerId, ticket: TicketId) -> Result<(), Error>;

    /// Lists a map server, or renews it. Which cookie it has was decided before: `resumed` says whether the process
    /// brought it along. True where it was listed already; `SERVER_ID_TAKEN` where another id of the same name is.
    async fn list(&self, registration: &Registration, cookie: CookieHash, resumed: bool) -> Result<bool, Error> {
        let remembered = self.recall(&registration.id);
        let mut renewed = false;
        let rule = &mut |existing: Option<MapServer>| {
            rules::check_name(existing.as_ref(), &registration.id)?;
            renewed = existing.is_some();
            Ok(rules::list(existing, remembered.as_ref(), registration, cookie, resumed))
        };
        self.change(&registration.id, rule).await?;
        Ok(renewed)
    }

    /// Renews a map server; false where it is not listed and has to register again.
    async fn heartbeat(&self, id: &ServerId, current_players: u32, load: f64) -> Result<bool, Error> {
        let update = &mut |server: &mut MapServer| {
            server.current_players = current_players;
            server.load = load;
        };
        rules::renew(self, id, update).await
    }

    /// A sidecar holds the map link of a map server from now on, which renews it; false where it is not listed.
    async fn linked(&self, id: &ServerId, facts: LinkFacts) -> Result<bool, Error> {
        rules::renew(self, id, &mut |server: &mut MapServer| server.link = Some(facts.clone())).await
    }

    /// A sidecar holds the map link no more. Where another one does by now, that stays as it is.
    async fn unlinked(&self, id: &ServerId, replica: &str) -> Result<(), Error> {
        self.change(id, &mut |existing| Ok(rules::unlink(existing, id, replica))).await
    }

    /// Players by channel, as said over the map link, which renews it; false where it is not listed and has to register
    /// again. A process that was linked before it was listed, known by its cookie, is known to be linked from now on.
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
