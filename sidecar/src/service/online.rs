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
    use realmgate_protocol::ids::MapId;
    use realmgate_protocol::link::FromMap;

    use super::*;
    use crate::service::world::testing::{SPAWN, TestWorld, save, soft_at};
    use realmgate_platform::testing::soon;

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
        assert_eq!(names(&world, OnlinePage::default()).await, ["Ann", "Ben"]);

        let list = world.state().online.logged_in(&OnlinePage { limit: 10, ..OnlinePage::default() }).await.unwrap();
        assert_eq!((list[0].account, list[1].account), (ann.account, ben.account));
        assert_eq!(list[0].gateway.as_deref(), Some("gateway-1"));
        let character = list[0].character.as_ref().unwrap();
        assert_eq!((character.id, character.name.as_str()), (ann.character, "Ann"));
        assert_eq!(character.map_server().map(ToString::to_string).as_deref(), Some("map-1"));
        let at = (character.map, character.x, character.y);
        assert_eq!(at, (Some(MapId(1)), SPAWN.x, SPAWN.y), "before it is saved");
        assert_eq!(list[1].character, None, "it waits at the gateway");
        assert!(list.iter().all(|entry| entry.account != offline.account));

        ann_client.send("leave_world", serde_json::json!({})).await;
        let (character, epoch, reason) = map.kick().await;
        map.release(save(character, epoch, 1, soft_at(1, 2_048)), reason).await;
        ann_client.expect("leave_world_success").await;
        let list = world.state().online.logged_in(&OnlinePage { limit: 10, ..OnlinePage::default() }).await.unwrap();
        let entry = list.iter().find(|entry| entry.account == ann.account);
        assert_eq!(entry.unwrap().character, None, "she is out of the world, and still connected");
        ann_client.close().await;
        ben_client.close().await;
        soon("the end of the entries with their sockets", async {
            while !names(&world, OnlinePage::default()).await.is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    #[tokio::test]
    async fn pages_follow_each_other_and_filters_narrow_them() {
        let world = TestWorld::start().await;
        let mut first = world.map_server("map-1", &[1]).await;
        let mut clients = Vec::new();
        for name in ["Ann", "Ben", "Cid"] {
            clients.push(world.in_world(name, &mut first).await);
        }
        let page = |after| OnlinePage { limit: 2, after, ..OnlinePage::default() };
        let list = world.state().online.logged_in(&page(None)).await.unwrap();
        assert_eq!(list.len(), 2);
        let rest = world.state().online.logged_in(&page(Some(list[1].account))).await.unwrap();
        let all: Vec<_> = list.iter().chain(&rest).map(|entry| entry.username.clone().unwrap()).collect();
        assert_eq!(all, ["Ann", "Ben", "Cid"]);

        let on = |server: &str| OnlinePage { server: Some(server.parse().unwrap()), ..OnlinePage::default() };
        assert_eq!(names(&world, on("map-1")).await.len(), 3);
        assert_eq!(names(&world, on("map-2")).await, [""; 0]);
        let (ben, lock) = (&clients[1].0, world.lock(clients[1].0.character).await);
        let saves = vec![save(ben.character, lock.epoch, 1, soft_at(1, 2_048))];
        first.say(FromMap::Save { saves }).await;
        first.sync().await;
        let there = |map| OnlinePage { map: Some(MapId(map)), ..OnlinePage::default() };
        assert_eq!(names(&world, there(1)).await, ["Ann", "Ben", "Cid"], "saved or not");
        assert_eq!(names(&world, there(2)).await, [""; 0]);
    }
}
