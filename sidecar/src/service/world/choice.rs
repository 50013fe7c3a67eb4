//! Which map server and which channel a character goes to.

use std::sync::Arc;

use realmgate_protocol::ids::{ChannelId, MapId, ServerId};

use crate::directory::MapServer;
use crate::error::{Error, ErrorCode};
use crate::link::Link;
use crate::state::AppState;

/// Where a character goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) server: MapServer,
    pub(super) map: MapId,
    pub(super) channel: ChannelId,
    /// `None` for a server that is entered without an acknowledgement.
    pub(super) link: Option<Arc<Link>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) map: MapId,
    /// `None` for the least loaded.
    pub(super) channel: Option<ChannelId>,
    /// Where a body of the same account stands now, which makes room by leaving.
    pub(super) leaving: Option<&'a ServerId>,
}

/// The least loaded channel of the least loaded server that has room.
pub(super) async fn choose(state: &AppState, wish: Wish<'_>) -> Result<Target, Error> {
    let servers = state.registry.hosting(wish.map).await?;
    if servers.is_empty() {
        return Err(ErrorCode::MapNotFound.into());
    }
    let linked = servers.iter().filter_map(|server| {
        let link = state.link.links.get(&server.id)?;
        link.maps.contains(&wish.map).then_some((server, link))
    });
    let linked: Vec<_> = linked.collect();
    if !linked.is_empty() {
        return choose_linked(&linked, wish);
    }
    if !state.config.gateway.allow_unlinked_map_servers {
        return Err(ErrorCode::MapServerUnreachable.into());
    }
    let server = servers.into_iter().find(MapServer::has_room).ok_or(ErrorCode::MapFull)?;
    let channel = wish.channel.unwrap_or(ChannelId(1));
    Ok(Target { server, map: wish.map, channel, link: None })
}

fn choose_linked(linked: &[(&MapServer, Arc<Link>)], wish: Wish<'_>) -> Result<Target, Error> {
    let hosts_channel = |link: &Link| wish.channel.is_none_or(|wished| (1..=link.channels).contains(&wished.0));
    let mut hosts = linked.iter().filter(|(_, link)| hosts_channel(link)).peekable();
    if hosts.peek().is_none() {
        return Err(Error::new(ErrorCode::MapNotFound, "No map server hosts this channel of the map"));
    }
    hosts
        .filter(|(server, link)| has_room(server, link, wish.leaving))
        .flat_map(|(server, link)| {
            let channels = wish.channel.map_or(1..=link.channels, |wished| wished.0..=wished.0);
            channels.map(move |channel| (*server, link, ChannelId(channel)))
        })
        .min_by_key(|(server, link, channel)| (link.players_in(wish.map, *channel), server.id.clone(), *channel))
        .map(|(server, link, channel)| Target {
            server: server.clone(),
            map: wish.map,
            channel,
            link: Some(link.clone()),
        })
        .ok_or_else(|| ErrorCode::MapFull.into())
}

/// Capacity counts for the whole process.
fn has_room(server: &MapServer, link: &Link, leaving: Option<&ServerId>) -> bool {
    let here = u32::from(leaving == Some(&server.id));
    link.players().saturating_sub(here) < server.max_players
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::link::ChannelLoad;

    use super::*;
    use crate::directory::Cookie;

    fn server(id: &str, max_players: u32) -> MapServer {
        MapServer {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            ip: [127, 0, 0, 1].into(),
            port: 4001,
            supported_maps: vec![MapId(1)],
            max_players,
            current_players: 0,
            load: 0.0,
            expires_at_ms: u64::MAX,
            cookie: Cookie::random().unwrap(),
            resumed: false,
        }
    }

    fn link(id: &str, players: [u16; 2]) -> Arc<Link> {
        let load = |(channel, players)| ChannelLoad { map: MapId(1), channel: ChannelId(channel), players };
        Link::with_load(id.parse().unwrap(), vec![MapId(1)], 2, (1..).zip(players).map(load).collect())
    }

    fn wish(channel: Option<u16>) -> Wish<'static> {
        Wish { map: MapId(1), channel: channel.map(ChannelId), leaving: None }
    }

    #[test]
    fn the_least_loaded_channel_wins() {
        let (a, b) = (server("a", 10), server("b", 10));
        let linked = [(&a, link("a", [3, 2])), (&b, link("b", [1, 4]))];
        let target = choose_linked(&linked, wish(None)).unwrap();
        assert_eq!((target.server.id.as_str(), target.channel), ("b", ChannelId(1)));
        let target = choose_linked(&linked, wish(Some(2))).unwrap();
        assert_eq!((target.server.id.as_str(), target.channel), ("a", ChannelId(2)));
    }

    #[test]
    fn a_full_server_takes_only_who_is_there_already() {
        let a = server("a", 5);
        let linked = [(&a, link("a", [3, 2]))];
        assert_eq!(choose_linked(&linked, wish(None)).unwrap_err().code, ErrorCode::MapFull);
        let back = Wish { leaving: Some(&a.id), ..wish(None) };
        assert!(choose_linked(&linked, back).is_ok(), "a body that leaves makes room for itself");
        assert_eq!(choose_linked(&linked, wish(Some(3))).unwrap_err().code, ErrorCode::MapNotFound);
    }
}
