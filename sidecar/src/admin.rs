//! Administration commands (`sidecar admin …`). They work directly on the database, whether or not a sidecar runs.

use std::fmt;

use realmgate_protocol::ids::CharacterId;

use crate::lock::{LockStep, Timers};
use crate::service::characters::find_by_name;
use crate::store::Store;
use crate::store::online::{OnlineCharacter, OnlinePage};

/// A character lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The account's user name; `None` for an account without a password.
    pub username: Option<String>,
    /// The character, with its lock.
    pub character: OnlineCharacter,
}

/// The outcome of [`release`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// The lock is free now, under a newer epoch (fencing token): what its previous owner still writes is refused.
    /// Names that owner and its epoch.
    Fenced(String),
    /// The lock was free already.
    Free,
    /// There is no such character.
    Unknown,
    /// It changed hands meanwhile. The call can be repeated.
    Raced,
}

/// One line of a table: id, name, account, owner, epoch, and since when in Unix milliseconds.
impl fmt::Display for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OnlineCharacter { id, name, owner, epoch, since_ms, .. } = &self.character;
        let user = self.username.as_deref().unwrap_or("-");
        write!(f, "{id}\t{name}\t{user}\t{owner}\t{epoch}\t{since_ms}")
    }
}

/// Lists every held character lock, ordered by account.
///
/// # Errors
/// When the database cannot be asked.
pub async fn locks(store: &Store) -> sqlx::Result<Vec<HeldLock>> {
    let rows = store.online.online(&OnlinePage { limit: u32::MAX, ..OnlinePage::default() }).await?;
    let held = rows.into_iter().filter_map(|row| Some(HeldLock { username: row.username, character: row.character? }));
    Ok(held.collect())
}

/// Takes a character's lock away from its owner. `character` is the character's id or its name.
///
/// # Errors
/// When the database cannot be asked.
pub async fn release(store: &Store, character: &str, now_ms: u64) -> sqlx::Result<Release> {
    let id = match character.parse::<CharacterId>() {
        Ok(id) => Some(id),
        Err(_) => find_by_name(&store.characters, character).await?.map(|row| row.id),
    };
    let Some(id) = id else { return Ok(Release::Unknown) };
    let Some(found) = store.locks.find(id).await? else { return Ok(Release::Unknown) };
    let Ok(free) = found.lock.after(&LockStep::Fenced, now_ms, &Timers::default()) else { return Ok(Release::Free) };
    if store.locks.change(id, &found.lock, &free, now_ms).await? {
        Ok(Release::Fenced(format!("{} under epoch {}", found.lock.owner, found.lock.epoch)))
    } else {
        Ok(Release::Raced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::CharacterOwner;
    use crate::service::world::testing::{TestWorld, save, soft_at};

    #[tokio::test]
    async fn a_lock_is_listed_and_taken_away() {
        let world = TestWorld::start().await;
        let store = &world.state().store;
        let mut map = world.map_server("map-1", &[1]).await;
        let (ann, mut client) = world.in_world("Ann", &mut map).await;
        let idle = world.player("Ben").await;
        let before = world.lock(ann.character).await;
        let held = locks(store).await.unwrap();
        assert_eq!(held.len(), 1, "free locks are not listed");
        let line = held[0].to_string();
        let id = ann.character.to_string();
        let since_ms = world.clock.now_ms();
        assert_eq!(line, format!("{id}\tAnn\tAnn\tmap:map-1\t{}\t{since_ms}", before.epoch));

        assert_eq!(release(store, "Nobody", 0).await.unwrap(), Release::Unknown);
        assert_eq!(release(store, "Ben", 0).await.unwrap(), Release::Free);
        assert_eq!(world.lock(idle.character).await.owner, CharacterOwner::None);
        let told = format!("map:map-1 under epoch {}", before.epoch);
        assert_eq!(release(store, "ANN", 0).await.unwrap(), Release::Fenced(told));
        assert_eq!(locks(store).await.unwrap(), []);
        map.say(realmgate_protocol::link::FromMap::Save {
            saves: vec![save(ann.character, before.epoch, 9, soft_at(1, 2_048))],
        })
        .await;
        assert_eq!(map.fenced().await, (ann.character, before.epoch), "its owner is told when it next writes");

        client.enter(ann.character).await;
        map.admit().await;
        client.expect("enter_world_success").await;
        assert!(world.lock(ann.character).await.epoch > before.epoch);
        assert!(matches!(release(store, &id, 0).await.unwrap(), Release::Fenced(_)), "by its id as well");
    }
}
