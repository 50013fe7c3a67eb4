//! Chooses the map server and channel for a character, and keeps a seat for it there.

use std::sync::Arc;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{ChannelId, MapId, ServerId, TicketId};

use super::tickets::TICKET_LIFE;
use crate::directory::{LinkFacts, MapServer, Registry, Seat};
use crate::fleet::{Fleet, Wait};

/// Where a character goes. A seat is kept for it until its ticket expires.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) server: MapServer,
    pub(super) map: MapId,
    pub(super) channel: ChannelId,
    /// The ticket that the seat is kept for.
    pub(super) ticket: TicketId,
    /// The server's link; `None` for a server that is entered without an acknowledgement.
    pub(super) link: Option<LinkFacts>,
}

/// The place that is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) map: MapId,
    /// The channel; `None` for the least loaded.
    pub(super) channel: Option<ChannelId>,
    /// The map server where a body of the same account stands now, which makes room by leaving.
    pub(super) leaving: Option<&'a ServerId>,
    /// The ticket that will be minted.
    pub(super) ticket: TicketId,
}

/// The places on map servers, and the seats that are kept there.
pub(super) struct Seats {
    pub(super) registry: Registry,
    pub(super) fleet: Arc<Fleet>,
    /// Whether map servers without a link may be entered.
    pub(super) allow_unlinked: bool,
}

impl Seats {
    /// Chooses the least loaded place that has room, and keeps a seat there. Where there is none, the server manager
    /// may start a server.
    pub(super) async fn choose(&self, wish: Wish<'_>) -> Result<Target, Error> {
        let mut wait = Wait::new(&self.fleet);
        loop {
            match self.choose_among(wish).await {
                Err(error) if wait.for_server(wish.map, &error).await => {}
                chosen => return chosen,
            }
        }
    }

    /// Chooses among the servers that are registered now.
    async fn choose_among(&self, wish: Wish<'_>) -> Result<Target, Error> {
        let servers = self.registry.hosting(wish.map).await?;
        for target in self.candidates(servers, wish)? {
            let seat = Seat { ticket: wish.ticket, map: target.map, channel: target.channel };
            let leaving = u32::from(wish.leaving == Some(&target.server.id));
            if self.registry.reserve(&target.server.id, seat, TICKET_LIFE, leaving).await? {
                return Ok(target);
            }
        }
        Err(ErrorCode::MapFull.into())
    }

    /// Releases the seat.
    pub(super) async fn give_back(&self, target: &Target) {
        if let Err(error) = self.registry.release_seat(&target.server.id, target.ticket).await {
            // It expires by itself.
            tracing::debug!(%error, "cannot release a seat");
        }
    }

    /// Every place that fits the wish, the best first.
    fn candidates(&self, servers: Vec<MapServer>, wish: Wish<'_>) -> Result<Vec<Target>, Error> {
        if servers.is_empty() {
            return Err(ErrorCode::MapNotFound.into());
        }
        let (linked, foreign): (Vec<_>, Vec<_>) = servers.into_iter().partition(|server| is_linked(server, wish.map));
        if !linked.is_empty() {
            return linked_candidates(&linked, wish);
        }
        if !self.allow_unlinked {
            return Err(ErrorCode::MapServerUnreachable.into());
        }
        let channel = wish.channel.unwrap_or(ChannelId(1));
        let target = |server| Target { server, map: wish.map, channel, ticket: wish.ticket, link: None };
        Ok(foreign.into_iter().map(target).collect())
    }
}

fn is_linked(server: &MapServer, map: MapId) -> bool {
    server.link.as_ref().is_some_and(|link| link.maps.contains(&map))
}

fn linked_candidates(linked: &[MapServer], wish: Wish<'_>) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for server in linked {
        let Some(link) = &server.link else { continue };
        let channels = wish.channel.map_or(1..=link.channels, |wished| wished.0..=wished.0);
        let hosted = channels.filter(|channel| (1..=link.channels).contains(channel)).map(ChannelId);
        targets.extend(hosted.map(|channel| Target {
            server: server.clone(),
            map: wish.map,
            channel,
            ticket: wish.ticket,
            link: Some(link.clone()),
        }));
    }
    if targets.is_empty() {
        return Err(Error::new(ErrorCode::MapNotFound, "No map server hosts this channel of the map"));
    }
    targets.sort_by_cached_key(|target| {
        (target.server.players_in(wish.map, target.channel), target.server.id.clone(), target.channel)
    });
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::link::ChannelLoad;

    use super::*;
    use crate::directory::Cookie;

    fn server(id: &str, players: [u16; 2]) -> MapServer {
        let load =
            |(channel, players)| ChannelLoad { map: MapId(1), channel: ChannelId(channel), players, is_full: false };
        MapServer {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            ip: [127, 0, 0, 1].into(),
            port: 4001,
            supported_maps: vec![MapId(1)],
            map_names: Default::default(),
            spawns: Default::default(),
            ws_url: None,
            wt_url: None,
            wt_cert_sha256: None,
            max_players: 10,
            current_players: 0,
            load: 0.0,
            expires_at_ms: u64::MAX,
            cookie: Cookie::random().unwrap().hash(),
            resumed: false,
            link: Some(LinkFacts { replica: "a".to_owned(), maps: vec![MapId(1)], channels: 2, protocol_hash: 0 }),
            channel_loads: (1..).zip(players).map(load).collect(),
            seats: Vec::new(),
        }
    }

    fn wish(channel: Option<u16>) -> Wish<'static> {
        Wish { map: MapId(1), channel: channel.map(ChannelId), leaving: None, ticket: TicketId(1) }
    }

    /// The places as `server/channel`, the best first.
    fn order(linked: &[MapServer], wish: Wish<'_>) -> Vec<String> {
        let targets = linked_candidates(linked, wish).unwrap();
        targets.iter().map(|target| format!("{}/{}", target.server.id, target.channel.0)).collect()
    }

    #[test]
    fn the_least_loaded_channel_comes_first() {
        let linked = [server("a", [3, 2]), server("b", [1, 4])];
        assert_eq!(order(&linked, wish(None)), ["b/1", "a/2", "a/1", "b/2"], "the others are there to fall back on");
        assert_eq!(order(&linked, wish(Some(2))), ["a/2", "b/2"]);
    }

    #[test]
    fn those_on_the_way_count() {
        let seat = |ticket| Seat { ticket: TicketId(ticket), map: MapId(1), channel: ChannelId(1) };
        let linked = [MapServer { seats: vec![seat(7), seat(8)], ..server("a", [0, 1]) }];
        assert_eq!(order(&linked, wish(None)), ["a/2", "a/1"]);
    }

    #[test]
    fn a_channel_that_nobody_hosts_is_not_found() {
        let mut larger = server("b", [0, 0]);
        larger.link.as_mut().unwrap().channels = 3;
        let linked = [server("a", [0, 0]), larger];
        for nowhere in [0, 4] {
            let refused = linked_candidates(&linked, wish(Some(nowhere))).unwrap_err();
            assert_eq!(refused.code, ErrorCode::MapNotFound, "{nowhere}");
            assert_eq!(refused.detail, "No map server hosts this channel of the map");
        }
        assert_eq!(order(&linked, wish(Some(1))), ["a/1", "b/1"]);
        assert_eq!(order(&linked, wish(Some(2))), ["a/2", "b/2"]);
        assert_eq!(order(&linked, wish(Some(3))), ["b/3"]);
    }
}
