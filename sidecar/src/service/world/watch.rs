//! Watching a channel without a character: what operators and designers do. No lock, no seat and no session entry is involved;
//! the map server decides how many may.

use std::cmp::Reverse;
use std::sync::Arc;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, MapId, ServerId, TicketId};
use realmgate_protocol::link::PrepareRefusal;
use realmgate_protocol::movement::tiles;
use realmgate_protocol::ticket::KeyRing;

use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::tickets::{self, TICKET_LIFE, ticket_id};
use crate::directory::{LinkFacts, MapServer, Registry};
use crate::link::{PrepareFailure, WatchQuestion};

/// A channel that can be watched.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchableChannel {
    /// Its map server.
    pub server: MapServer,
    /// Its map.
    pub map: MapId,
    /// Its number.
    pub channel: ChannelId,
    link: LinkFacts,
}

impl WatchableChannel {
    /// What the map is called, if its server says so.
    pub fn map_name(&self) -> Option<&str> {
        self.server.map_names.get(&self.map.0).map(String::as_str)
    }

    /// Players in it.
    pub fn players(&self) -> u32 {
        self.server.players_in(self.map, self.channel)
    }

    /// Whether it takes no more players, since its server cannot keep up.
    pub fn is_full(&self) -> bool {
        self.server.is_full(self.map, self.channel)
    }
}

/// What somebody wants to watch.
#[derive(Debug, Clone)]
pub struct WatchWish {
    /// The map.
    pub map: MapId,
    /// The channel; `None` for the one with the most players.
    pub channel: Option<ChannelId>,
    /// The map server, where several host that channel; `None` for any.
    pub server: Option<ServerId>,
}

/// Lets spectators in.
pub struct Gallery {
    pub(super) registry: Registry,
    pub(super) map_servers: Arc<MapServers>,
    pub(super) time: LockClock,
    pub(super) ticket_keys: KeyRing,
}

impl Gallery {
    /// Every channel that can be watched: those of map servers with a link, by map, channel and server.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn channels(&self) -> Result<Vec<WatchableChannel>, Error> {
        let mut channels: Vec<_> = self.registry.servers().await?.iter().flat_map(channels_of).collect();
        channels.sort_by_cached_key(|one| (one.map, one.channel, one.server.id.clone()));
        Ok(channels)
    }

    /// Has a map server expect a spectator, and makes the ticket for it.
    ///
    /// # Errors
    /// `MAP_NOT_FOUND` where nobody hosts what is wished for, `MAP_FULL` when enough watch it already,
    /// `MAP_SERVER_UNREACHABLE`; others when the registry cannot be asked.
    pub async fn watch(&self, wish: &WatchWish) -> Result<EntryGrant, Error> {
        let result = self.admit(wish).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => error.code.as_str(),
        };
        metrics::counter!("realmgate_watch_total", "result" => outcome).increment(1);
        result
    }

    async fn admit(&self, wish: &WatchWish) -> Result<EntryGrant, Error> {
        let target = self.choose(wish).await?;
        let id = ticket_id()?;
        let spawn = self.announce(&target, id).await?;
        let minted = tickets::mint_spectator(&self.ticket_keys, id, &target, self.time.now_ms())?;
        let (server, map) = (&target.server, target.map);
        tracing::info!(server = %server.id, %map, channel = %target.channel, "expecting a spectator");
        Ok(EntryGrant {
            character_id: None,
            map_ip: server.ip.to_string(),
            map_port: server.port,
            ticket: minted.ticket,
            spawn_pos: spawn.map(|at| realmgate_protocol::entry::SpawnPosition { x: tiles(at.x), y: tiles(at.y) }),
            map_id: map.0,
            map_name: target.map_name().map(str::to_owned),
            channel: target.channel.0,
            server_id: server.id.as_str().to_owned(),
            connect_token: minted.connect_token,
            renet_connect_token: None,
            map_ws_url: server.ws_url.clone(),
            map_wt_url: server.wt_url.clone(),
            map_wt_cert_sha256: server.wt_cert_sha256.clone(),
            protocol_hash: format!("{:016x}", target.link.protocol_hash),
            expires_in: TICKET_LIFE.as_secs() as u32,
        })
    }

    async fn choose(&self, wish: &WatchWish) -> Result<WatchableChannel, Error> {
        let fits = |one: &WatchableChannel| {
            one.map == wish.map
                && wish.channel.is_none_or(|channel| one.channel == channel)
                && wish.server.as_ref().is_none_or(|server| one.server.id == *server)
        };
        let mut channels = self.channels().await?;
        channels.retain(fits);
        channels.sort_by_key(|one| Reverse(one.players()));
        channels.into_iter().next().ok_or(ErrorCode::MapNotFound.into())
    }

    async fn announce(
        &self,
        target: &WatchableChannel,
        ticket: TicketId,
    ) -> Result<Option<realmgate_protocol::movement::Position>, Error> {
        let question = WatchQuestion {
            ticket,
            expires_in_ms: TICKET_LIFE.as_millis() as u32,
            map: target.map,
            channel: target.channel,
        };
        let answer = self.map_servers.watch(&target.server.id, &target.link.replica, question).await;
        answer.map_err(error_of)
    }
}

fn channels_of(server: &MapServer) -> Vec<WatchableChannel> {
    let Some(link) = &server.link else { return Vec::new() };
    let of_map = |map: MapId| {
        let channel = move |channel| WatchableChannel { server: server.clone(), map, channel, link: link.clone() };
        (1..=link.channels).map(ChannelId).map(channel)
    };
    link.maps.iter().copied().flat_map(of_map).collect()
}

fn error_of(failure: PrepareFailure) -> Error {
    match failure {
        PrepareFailure::Refused(PrepareRefusal::Full) => {
            Error::new(ErrorCode::MapFull, "The channel has no room for another spectator, or its server is overloaded")
        }
        PrepareFailure::Refused(PrepareRefusal::NotHosted) => ErrorCode::MapNotFound.into(),
        PrepareFailure::Unreachable | PrepareFailure::Refused(_) => ErrorCode::MapServerUnreachable.into(),
    }
}
