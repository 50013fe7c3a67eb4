//! The list of logged-in accounts, for operators.

use realmgate_platform::error::Error;

use crate::directory::Sessions;
use crate::store::OnlineStore;
use crate::store::online::{OnlinePage, OnlineRow};

/// Lists who is logged in.
pub struct Online {
    pub(crate) store: OnlineStore,
    pub(crate) sessions: Sessions,
}

impl Online {
    /// A page of the list, by account id. An entry ends with its lock: at a log-out, and when a connection is lost for
    /// good. `page.map` is where a character was last seen, saved or not.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn logged_in(&self, page: &OnlinePage) -> Result<Vec<OnlineRow>, Error> {
        let (limit, mut page) = (page.limit as usize, page.clone());
        let mut found = Vec::new();
        // The store does not know where a character is that was never saved: a page of it may be more than is wanted.
        loop {
            let rows = self.store.online(&page).await?;
            let is_last = rows.len() < limit;
            page.after = rows.last().map(|row| row.account);
            for row in rows {
                let entry = self.seen(row).await;
                if page.map.is_none() || entry.character.as_ref().and_then(|character| character.map) == page.map {
                    found.push(entry);
                }
            }
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Adds the place of a character that was never saved: its session entry knows where it appeared.
    async fn seen(&self, mut entry: OnlineRow) -> OnlineRow {
        if let Some(character) = entry.character.as_mut().filter(|character| character.map.is_none())
            && let Ok(Some(session)) = self.sessions.get(&entry.account.to_string()).await
            && let Some(seen) = session.character.filter(|seen| seen.id == character.id.to_string())
        {
            let at = seen.at.unwrap_or_default();
            (character.map, character.x, character.y) = (Some(seen.map_id), at.x, at.y);
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::{a_moment, soon};
    use realmgate_protocol::ids::{ChannelId, MapId};
    use realmgate_protocol::link::{ChannelLoad, FromMap};

    use super::*;
    use crate::service::world::testing::{Client, FakeMap, Player, SPAWN, TestWorld, save, soft_at};

    async fn names(world: &TestWorld, wanted: OnlinePage) -> Vec<String> {
        let wanted = OnlinePage { limit: wanted.limit.max(10), ..wanted };
        let list = world.state().online.logged_in(&wanted).await.unwrap();
        list.into_iter().map(|entry| entry.username.unwrap()).collect()
    }

    #[tokio::test]
    async fn whoever_is_connected_or_in_the_world_is_listed_until_it_leaves() {
        let world = TestWorld::start().await;
        let mut map = world.map_server("map-1", &[1]).await;
        assert_eq!(names(&world, OnlinePage::default()).await, [""; 0]);
        let offline = world.player("Nobody").await;
        let (ann, mut ann_client) = world.in_world("Ann", &mut map).await;
        let ben = world.player("Ben").await;
        let ben_client = ben.connect().await;
        let (cid, cid_client) = world.in_world("Cid", &mut map).await;
        cid_client.close().await;
        assert_eq!(names(&world, OnlinePage::default()).await, ["Ann", "Ben", "Cid"]);

        let list = world.state().online.logged_in(&OnlinePage { limit: 10, ..OnlinePage::default() }).await.unwrap();
        assert_eq!([list[0].account, list[1].account, list[2].account], [ann.account, ben.account, cid.account]);
        assert_eq!(list[0].gateway.as_deref(), Some("gateway-1"));
        let character = list[0].character.as_ref().unwrap();
        assert_eq!((character.id, character.name.as_str()), (ann.character, "Ann"));
        assert_eq!(character.map_server().map(ToString::to_string).as_deref(), Some("map-1"));
        let at = (character.map, character.x, character.y);
        assert_eq!(at, (Some(MapId(1)), SPAWN.x, SPAWN.y), "before it is saved");
        assert_eq!(list[1].character, None, "it waits at the gateway");
        let left_behind = list[2].character.as_ref().map(|character| character.id);
        assert_eq!(
            (list[2].gateway.as_deref(), left_behind),
            (None, Some(cid.character)),
            "its socket alone is closed"
        );
        assert!(list.iter().all(|entry| entry.account != offline.account));

        ann_client.send("leave_world", serde_json::json!({})).await;
        let (character, epoch, reason) = map.kick().await;
        map.release(save(character, epoch, 1, soft_at(1, 2_048)), reason).await;
        ann_client.expect("leave_world_success").await;
        let list = world.state().online.logged_in(&OnlinePage { limit: 10, ..OnlinePage::default() }).await.unwrap();
        let entry = list.iter().find(|entry| entry.account == ann.account);
        assert_eq!(entry.unwrap().character, None, "she is out of the world, and still connected");
        ann_client.close().await;
        until_listed(&world, &["Ben", "Cid"]).await;
        let epoch = world.lock(cid.character).await.epoch;
        map.release(save(cid.character, epoch, 1, soft_at(1, 2_048)), reason).await;
        map.sync().await;
        assert_eq!(names(&world, OnlinePage::default()).await, ["Ben"]);
        ben_client.close().await;
        until_listed(&world, &[]).await;
    }

    async fn until_listed(world: &TestWorld, wanted: &[&str]) {
        soon("the end of an entry with its socket", async {
            while names(world, OnlinePage::default()).await != wanted {
                a_moment().await;
            }
        })
        .await;
    }

    /// Ann, Ben and Cid: Cid is on another map server, Ben on another map, and Ann was never saved.
    async fn three_players(world: &TestWorld) -> (Vec<(Player, Client)>, [FakeMap; 2]) {
        let mut first = world.map_server("map-1", &[1, 2]).await;
        let mut players = vec![world.in_world("Ann", &mut first).await, world.in_world("Ben", &mut first).await];
        let load = |channel| ChannelLoad { map: MapId(1), channel: ChannelId(channel), players: 1, is_full: false };
        first.say(FromMap::Load { channels: vec![load(1), load(2)] }).await;
        first.sync().await;
        let mut second = world.map_server("map-2", &[1]).await;
        players.push(world.in_world("Cid", &mut second).await);
        for (place, link, map) in [(1, &mut first, 2), (2, &mut second, 1)] {
            let character = players[place].0.character;
            let saves = vec![save(character, world.lock(character).await.epoch, 1, soft_at(map, 2_048))];
            link.say(FromMap::Save { saves }).await;
            link.sync().await;
        }
        (players, [first, second])
    }

    #[tokio::test]
    async fn pages_follow_each_other_and_filters_narrow_them() {
        let world = TestWorld::start().await;
        let (_players, [_first, mut second]) = three_players(&world).await;
        let page = async |wanted: OnlinePage| {
            let list = world.state().online.logged_in(&wanted).await.unwrap();
            let last = list.last().map(|entry| entry.account);
            (list.into_iter().map(|entry| entry.username.unwrap()).collect::<Vec<_>>(), last)
        };
        let (two, last) = page(OnlinePage { limit: 2, ..OnlinePage::default() }).await;
        assert_eq!(two, ["Ann", "Ben"]);
        assert_eq!(page(OnlinePage { limit: 2, after: last, ..OnlinePage::default() }).await.0, ["Cid"]);

        let on = |server: &str| OnlinePage { server: Some(server.parse().unwrap()), ..OnlinePage::default() };
        assert_eq!(names(&world, on("map-1")).await, ["Ann", "Ben"]);
        assert_eq!(names(&world, on("map-2")).await, ["Cid"]);
        assert_eq!(names(&world, on("map-3")).await, [""; 0]);
        let there = |map| OnlinePage { map: Some(MapId(map)), ..OnlinePage::default() };
        assert_eq!(names(&world, there(1)).await, ["Ann", "Cid"], "saved or not");
        assert_eq!(names(&world, there(2)).await, ["Ben"]);
        assert_eq!(names(&world, there(3)).await, [""; 0]);
        assert_eq!(page(OnlinePage { limit: 1, ..there(1) }).await.0, ["Ann"]);
        assert_eq!(page(OnlinePage { limit: 1, ..there(2) }).await.0, ["Ben"], "behind one who may be there");

        let mut later = Vec::new();
        for name in ["Dan", "Eve"] {
            // The second server is the emptier one.
            let (player, client) = world.in_world(name, &mut second).await;
            let epoch = world.lock(player.character).await.epoch;
            second.say(FromMap::Save { saves: vec![save(player.character, epoch, 1, soft_at(2, 2_048))] }).await;
            second.sync().await;
            later.push((player, client));
        }
        // The store's pages are [Ann, Ben], of whom one is there, and [Dan, Eve].
        let (two, last) = page(OnlinePage { limit: 2, ..there(2) }).await;
        assert_eq!(two, ["Ben", "Dan"], "no more than are wanted");
        assert_eq!(page(OnlinePage { limit: 2, after: last, ..there(2) }).await.0, ["Eve"]);
    }
}
