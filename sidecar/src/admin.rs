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
    use realmgate_protocol::ids::LockEpoch;
    use realmgate_protocol::link::FromMap;

    use super::*;
    use crate::lock::{CharacterLock, CharacterOwner};
    use crate::service::world::testing::{Player, TestWorld, save, soft_at};

    #[tokio::test]
    async fn a_lock_is_listed_and_taken_away() {
        let world = TestWorld::start().await;
        let store = &world.state().store;
        let mut map = world.map_server("map-1", &[1]).await;
        let (ann, mut client) = world.in_world("Ann", &mut map).await;
        let (cid, _client_of_cid) = world.in_world("Cid", &mut map).await;
        let ben = world.player("Ben").await;
        let locks_of = async || {
            [world.lock(ann.character).await, world.lock(ben.character).await, world.lock(cid.character).await]
        };
        let before = locks_of().await;
        let since_ms = world.clock.now_ms();
        let line = |player: &Player, name: &str, lock: &CharacterLock| {
            format!("{}\t{name}\t{name}\tmap:map-1\t{}\t{since_ms}", player.character, lock.epoch)
        };
        let lines = async || locks(store).await.unwrap().iter().map(HeldLock::to_string).collect::<Vec<_>>();
        let line_of_cid = line(&cid, "Cid", &before[2]);
        let held = [line(&ann, "Ann", &before[0]), line_of_cid.clone()];
        assert_eq!(lines().await, held, "free locks are not listed");

        for nobody in ["Nobody", &CharacterId([9; 16]).to_string()] {
            assert_eq!(release(store, nobody, 0).await.unwrap(), Release::Unknown);
        }
        assert_eq!(release(store, "Ben", 0).await.unwrap(), Release::Free);
        assert_eq!(locks_of().await, before);
        let told = |lock: &CharacterLock| Release::Fenced(format!("map:map-1 under epoch {}", lock.epoch));
        assert_eq!(release(store, "ANN", 0).await.unwrap(), told(&before[0]));
        let epoch = LockEpoch(before[0].epoch.0 + 1);
        let free = CharacterLock { owner: CharacterOwner::None, epoch, deadline_ms: None };
        assert_eq!(locks_of().await, [free.clone(), before[1].clone(), before[2].clone()]);
        assert_eq!(lines().await, [line_of_cid]);
        let late = save(ann.character, before[0].epoch, 9, soft_at(1, 2_048));
        map.say(FromMap::Save { saves: vec![late] }).await;
        assert_eq!(map.fenced().await, (ann.character, before[0].epoch), "its owner is told when it next writes");

        client.enter(ann.character).await;
        map.admit().await;
        client.expect("enter_world_success").await;
        let again = world.lock(ann.character).await;
        assert!(again.epoch > free.epoch);
        let id = ann.character.to_string();
        assert_eq!(release(store, &id, 0).await.unwrap(), told(&again), "by its id as well");
        assert_eq!(world.lock(ann.character).await.owner, CharacterOwner::None);
    }
}
