//! An overview of the world: which maps are hosted now, and how many play on each.

use std::collections::BTreeMap;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::MapId;

use crate::directory::Registry;

/// A map that is hosted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostedMap {
    /// Number of map servers that host it.
    pub servers: u32,
    /// Number of players on it.
    pub players: u32,
}

/// Every hosted map. A linked server reports the players on each of its maps every second. Of a server without a link,
/// only the number of its last heartbeat is known, and counts for the first map that it names.
///
/// # Errors
/// When the registry cannot be asked.
pub async fn hosted_maps(registry: &Registry) -> Result<BTreeMap<MapId, HostedMap>, Error> {
    let mut maps = BTreeMap::<MapId, HostedMap>::new();
    for server in registry.servers().await? {
        for (place, map) in server.supported_maps.iter().enumerate() {
            let hosted = maps.entry(*map).or_default();
            hosted.servers += 1;
            hosted.players += match &server.link {
                Some(_) => server.players_on(*map),
                None if place == 0 => server.current_players,
                None => 0,
            };
        }
    }
    Ok(maps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::world::testing::{FakeMap, TestWorld};
    use realmgate_protocol::ids::ChannelId;
    use realmgate_protocol::link::{ChannelLoad, FromMap};

    #[tokio::test]
    async fn players_are_counted_once_and_where_they_are() {
        let world = TestWorld::start().await;
        let mut linked = world.map_server("linked", &[1, 2]).await;
        let load = |map, channel, players| ChannelLoad {
            map: MapId(map),
            channel: ChannelId(channel),
            players,
            is_full: false,
        };
        linked.say(FromMap::Load { channels: vec![load(1, 1, 3), load(1, 2, 4), load(2, 1, 5)] }).await;
        linked.sync().await;
        FakeMap::register(world.state(), "foreign", &[2, 3], None).await;
        assert!(world.state().registry.heartbeat(&"foreign".parse().unwrap(), 9, 0.0).await.unwrap());

        let maps = hosted_maps(&world.state().registry).await.unwrap();
        let hosted = |servers, players| HostedMap { servers, players };
        let wanted = [(MapId(1), hosted(1, 7)), (MapId(2), hosted(2, 5 + 9)), (MapId(3), hosted(1, 0))];
        assert_eq!(maps.into_iter().collect::<Vec<_>>(), wanted);
    }
}
