//! Watching: what the map server is asked, and what a spectator gets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::error::ErrorCode;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::link::{ChannelLoad, FromMap, PrepareRefusal};
use realmgate_protocol::netcode::ConnectToken;
use realmgate_protocol::ticket::{SpectatorTicket, Ticket, TicketError};

use crate::service::world::WatchWish;
use crate::service::world::testing::{FakeMap, TestWorld};

fn wish(map: u16, channel: Option<u16>) -> WatchWish {
    WatchWish { map: MapId(map), channel: channel.map(ChannelId), server: None }
}

#[tokio::test]
async fn a_spectator_gets_a_ticket_of_its_own_kind_for_what_the_map_server_expects() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let gallery = &world.state().world.gallery;
    let wanted = wish(1, Some(2));
    let (grant, (ticket, on_map, channel)) = tokio::join!(gallery.watch(&wanted), map.answer_watch(None));
    let grant = grant.unwrap();
    assert_eq!((on_map, channel), (MapId(1), ChannelId(2)));
    assert_eq!((grant.character_id.as_deref(), grant.map_id, grant.channel), (None, 1, 2));
    assert_eq!((grant.map_port, &*grant.server_id), (4_049, "map-1"));
    assert_eq!(grant.map_ws_url.as_deref(), Some("ws://127.0.0.1:4049/play"));
    assert_eq!(grant.spawn_pos.map(|at| (at.x, at.y)), Some((1.5, 3.0)), "where the map server says");
    let keys = &world.state().config.secrets.ticket;
    let bytes = URL_SAFE_NO_PAD.decode(&grant.ticket).unwrap();
    let opened = SpectatorTicket::open(&bytes, keys).unwrap();
    assert_eq!((opened.ticket_id, opened.map, opened.channel), (ticket, MapId(1), ChannelId(2)));
    assert_eq!(opened.expires_ms - opened.issued_ms, 30_000);
    assert_eq!(Ticket::open(&bytes, keys), Err(TicketError::Malformed), "it is no player's");
    let private = ConnectToken::read_text(&grant.connect_token).unwrap().open(&keys.netcode_key()).unwrap();
    assert_eq!(private.client_id, ticket.0);
    assert_eq!(SpectatorTicket::open(&private.user_data, keys), Ok(opened), "the ticket travels in it");
}

#[tokio::test]
async fn the_list_has_every_channel_with_its_players_and_the_fullest_is_watched_by_default() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1, 2]).await;
    // Whoever has no link cannot be asked.
    FakeMap::register(world.state(), "foreign", &[1], None).await;
    let load = |map, channel, players| ChannelLoad {
        map: MapId(map),
        channel: ChannelId(channel),
        players,
        is_full: channel == 1,
    };
    map.say(FromMap::Load { channels: vec![load(1, 1, 3), load(1, 2, 5), load(2, 1, 0)] }).await;
    map.sync().await;
    let gallery = &world.state().world.gallery;
    let listed = gallery.channels().await.unwrap();
    let rows: Vec<_> = listed.iter().map(|one| (one.map.0, one.channel.0, one.players(), one.is_full())).collect();
    assert_eq!(rows, [(1, 1, 3, true), (1, 2, 5, false), (2, 1, 0, true), (2, 2, 0, false)]);
    let wanted = wish(1, None);
    for (first, fullest) in [(3, 2), (6, 1)] {
        map.say(FromMap::Load { channels: vec![load(1, 1, first), load(1, 2, 5)] }).await;
        map.sync().await;
        let (grant, (_, _, channel)) = tokio::join!(gallery.watch(&wanted), map.answer_watch(None));
        assert_eq!((grant.unwrap().channel, channel), (fullest, ChannelId(fullest)));
    }
}

#[tokio::test]
async fn a_refusal_of_the_map_server_is_told() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let gallery = &world.state().world.gallery;
    let refusals = [
        (PrepareRefusal::Full, ErrorCode::MapFull),
        (PrepareRefusal::NotHosted, ErrorCode::MapNotFound),
        (PrepareRefusal::Draining, ErrorCode::MapServerUnreachable),
    ];
    for (refusal, code) in refusals {
        let wanted = wish(1, None);
        let (answer, _) = tokio::join!(gallery.watch(&wanted), map.answer_watch(Some(refusal)));
        assert_eq!(answer.unwrap_err().code, code);
    }
    for nowhere in [wish(9, None), wish(1, Some(3))] {
        assert_eq!(gallery.watch(&nowhere).await.unwrap_err().code, ErrorCode::MapNotFound);
    }
    let other = WatchWish { server: Some("map-2".parse().unwrap()), ..wish(1, None) };
    assert_eq!(gallery.watch(&other).await.unwrap_err().code, ErrorCode::MapNotFound);
}
