//! The list of who is logged in, for operators.

use realmgate_protocol::ids::{AccountId, CharacterId, MapId, ServerId};

use crate::error::Error;
use crate::lock::LockOwner;
use crate::state::AppState;
use crate::store::online::{OnlinePage, OnlineRow};

/// Which part of the list is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Accounts beyond this one.
    pub after: Option<AccountId>,
    /// Most entries.
    pub limit: u32,
    /// Only who was last saved on this map.
    pub map: Option<MapId>,
    /// Only who plays on this map server.
    pub server: Option<ServerId>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub username: Option<String>,
    /// The gateway that it is connected to, or came in by; `None` where its socket is closed and nobody remembers.
    pub gateway: Option<String>,
    /// The character in the world.
    pub character: Option<InWorld>,
}

/// A character in the world, or on its way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InWorld {
    /// Who.
    pub id: CharacterId,
    /// Its name.
    pub name: String,
    /// Where it was last saved; `None` for one that was never in a world.
    pub map: Option<MapId>,
    /// x and y in 1/1,024 tile.
    pub at: (i32, i32),
    /// The map server that holds it; `None` while it is on its way.
    pub map_server: Option<ServerId>,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

/// A page of the list, by account id. Entries go with the lock: at a log-out, and when a connection is lost for good.
pub async fn logged_in(state: &AppState, wanted: &Wanted) -> Result<Vec<LoggedIn>, Error> {
    let page = OnlinePage { after: wanted.after, limit: wanted.limit, map: wanted.map, server: wanted.server.clone() };
    let rows = state.store.online.online(&page).await?;
    Ok(rows.into_iter().map(entry).collect())
}

fn entry(row: OnlineRow) -> LoggedIn {
    let owner = row.character.as_ref().map(|character| &character.owner);
    let brings_it = match owner {
        Some(LockOwner::Gateway(id)) => Some(id.clone()),
        _ => None,
    };
    LoggedIn {
        account: row.account,
        username: row.username,
        gateway: brings_it.or(row.gateway),
        character: row.character.map(|character| InWorld {
            id: character.id,
            name: character.name,
            map: character.map,
            at: (character.x, character.y),
            map_server: character.owner.map_server().cloned(),
            since_ms: character.since_ms,
        }),
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::link::FromMap;

    use super::*;
    use crate::service::world::testing::{TestWorld, save, soft_at, soon};

    async fn names(world: &TestWorld, wanted: Wanted) -> Vec<String> {
        let wanted = Wanted { limit: wanted.limit.max(10), ..wanted };
        let list = logged_in(world.state(), &wanted).await.unwrap();
        list.into_iter().map(|entry| entry.username.unwrap()).collect()
    }

    #[tokio::test]
    async fn whoever_is_connected_or_in_the_world_is_listed_until_it_leaves() {
        let world = TestWorld::start().await;
        let mut map = world.map_server("map-1", &[1]).await;
        assert_eq!(names(&world, Wanted::default()).await, [""; 0]);
        let offline = world.player("Nobody").await;
        let (ann, mut ann_client) = world.in_world("Ann", &mut map).await;
        let ben = world.player("Ben").await;
        let ben_client = ben.connect().await;
        assert_eq!(names(&world, Wanted::default()).await, ["Ann", "Ben"]);

        let list = logged_in(world.state(), &Wanted { limit: 10, ..Wanted::default() }).await.unwrap();
        assert_eq!((list[0].account, list[1].account), (ann.account, ben.account));
        assert_eq!(list[0].gateway.as_deref(), Some("gateway-1"));
        let character = list[0].character.as_ref().unwrap();
        assert_eq!((character.id, character.name.as_str()), (ann.character, "Ann"));
        assert_eq!(character.map_server, Some("map-1".parse().unwrap()));
        assert_eq!(list[1].character, None, "it waits at the gateway");
        assert!(list.iter().all(|entry| entry.account != offline.account));

        ann_client.send("leave_world", serde_json::json!({})).await;
        let (character, epoch, reason) = map.kick().await;
        map.release(save(character, epoch, 1, soft_at(1, 2_048)), reason).await;
        ann_client.expect("leave_world_success").await;
        let list = logged_in(world.state(), &Wanted { limit: 10, ..Wanted::default() }).await.unwrap();
        assert_eq!(list[0].character, None, "she is out of the world, and still connected");
        ann_client.close().await;
        ben_client.close().await;
        soon("the end of the entries with their sockets", async {
            while !names(&world, Wanted::default()).await.is_empty() {
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
        let page = |after| Wanted { limit: 2, after, ..Wanted::default() };
        let list = logged_in(world.state(), &page(None)).await.unwrap();
        assert_eq!(list.len(), 2);
        let rest = logged_in(world.state(), &page(Some(list[1].account))).await.unwrap();
        let all: Vec<_> = list.iter().chain(&rest).map(|entry| entry.username.clone().unwrap()).collect();
        assert_eq!(all, ["Ann", "Ben", "Cid"]);

        let on = |server: &str| Wanted { server: Some(server.parse().unwrap()), ..Wanted::default() };
        assert_eq!(names(&world, on("map-1")).await.len(), 3);
        assert_eq!(names(&world, on("map-2")).await, [""; 0]);
        let (ben, lock) = (&clients[1].0, world.lock(clients[1].0.character).await);
        let saves = vec![save(ben.character, lock.epoch, 1, soft_at(1, 2_048))];
        first.say(FromMap::Save { saves }).await;
        first.sync().await;
        let there = Wanted { map: Some(MapId(1)), ..Wanted::default() };
        assert_eq!(names(&world, there).await, ["Ben"], "where it was last saved");
    }
}
