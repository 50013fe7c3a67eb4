//! Creating, listing, changing and deleting characters.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use realmgate_platform::clock::Clock;
use realmgate_platform::database::DatabaseTime;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::{AccountId, CharacterId, MapId};
use realmgate_protocol::movement::Position;
use uuid::Uuid;

use super::classes::Classes;
use super::names::{self, Name};
use crate::config::{CharacterRules, StartMaps};
use crate::directory::Registry;
use crate::store::CharacterStore;
use crate::store::characters::{Change, CharacterChange, CharacterRow, Creation, Deletion, NewCharacter, Rename};

/// How many characters an account may have.
pub const MAX_CHARACTERS: u32 = 8;
/// How long lists show where characters began a moment ago.
const BEGINNING_SHOWN_MS: u64 = 1_000;
/// The start map where neither the designers nor the embedding server name one.
const FIRST_MAP: MapId = MapId(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The characters of accounts.
pub struct Characters {
    pub(crate) store: CharacterStore,
    pub(crate) classes: Arc<Classes>,
    pub(crate) rules: CharacterRules,
    pub(crate) start: StartMaps,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) database_time: Arc<DatabaseTime>,
    pub(crate) shown_beginning: ShownBeginning,
}

/// Where characters began a moment ago, and until when lists show that, in milliseconds. A list asks the registry so seldom that it
/// takes no longer for a new character than for others.
pub(crate) type ShownBeginning = Mutex<Option<(Beginning, u64)>>;

impl Characters {
    /// Creates a character.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a bad name or class, `NAME_TAKEN`, `TOO_MANY_CHARACTERS`, `ALREADY_ONLINE` when another
    /// log-in holds the account, `RATE_LIMITED` for too many within a day; others when the database cannot be asked.
    pub async fn create(&self, caller: &Caller, name: &str, class_id: &str) -> Result<CharacterRow, Error> {
        let name = Name::parse(name).map_err(|fault| Error::field("name", fault))?;
        if self.classes.get(class_id).is_none() {
            return Err(Error::field("class_id", "must be one of GET /character-classes"));
        }
        let now_ms = self.clock.now_ms();
        self.check_rate(caller, now_ms).await?;
        let new = NewCharacter {
            id: CharacterId::from(Uuid::now_v7()),
            account: caller.account,
            session: caller.session,
            name: &name.shown,
            folded: &name.folded,
            key: &name.key,
            class_id,
            at_ms: now_ms,
        };
        match self.store.create(new, MAX_CHARACTERS).await? {
            Creation::Created(row) => {
                metrics::counter!("realmgate_characters_created_total").increment(1);
                Ok(*row)
            }
            Creation::NameTaken => Err(ErrorCode::NameTaken.into()),
            Creation::TooMany => Err(ErrorCode::TooManyCharacters.into()),
            Creation::AccountHeld => Err(account_held()),
        }
    }

    /// Checks whether the account may create another character within this day. Calls at the same time are limited
    /// together only by the number of characters that an account may have.
    async fn check_rate(&self, caller: &Caller, now_ms: u64) -> Result<(), Error> {
        let day_ago_ms = now_ms.saturating_sub(DAY.as_millis() as u64);
        let (count, first_ms) = self.store.created_since(caller.account, day_ago_ms).await?;
        if count < u64::from(self.rules.creations_per_day) {
            return Ok(());
        }
        let wait_ms = first_ms.map_or(0, |first| first.saturating_sub(day_ago_ms));
        Err(Error::rate_limited(wait_ms / 1_000 + 1))
    }

    /// The caller's characters, oldest first, including those that are due for deletion.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<CharacterRow>, Error> {
        Ok(self.store.list(caller.account).await?)
    }

    /// Finds a character of any account: for our servers.
    ///
    /// # Errors
    /// `CHARACTER_NOT_FOUND`; others when the database cannot be asked.
    pub async fn find(&self, id: CharacterId) -> Result<CharacterRow, Error> {
        self.store.find(id).await?.ok_or_else(|| ErrorCode::CharacterNotFound.into())
    }

    /// Deletes one of the caller's characters, unless it is in the world or on its way there. Until the grace period is
    /// over, [`Characters::restore`] undoes it.
    ///
    /// # Errors
    /// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `CHARACTER_IN_WORLD`, `ALREADY_ONLINE` when another
    /// log-in holds the account; others when the database cannot be asked.
    pub async fn delete(&self, caller: &Caller, id: CharacterId) -> Result<(), Error> {
        self.own(caller, id).await?;
        let (store, grace) = (&self.store, self.rules.deletion_grace);
        let deletion = if grace.is_zero() {
            store.delete(id, caller.account, caller.session, self.clock.now_ms()).await?
        } else {
            let deletes_at_ms = self.database_time.now_ms().saturating_add(grace.as_millis() as u64);
            store.mark(id, caller.account, caller.session, deletes_at_ms).await?
        };
        match deletion {
            Deletion::Deleted => Ok(()),
            Deletion::InWorld => Err(ErrorCode::CharacterInWorld.into()),
            Deletion::AccountHeld => Err(account_held()),
        }
    }

    /// Deletes every character of an account that is gone; one that is still in the world, as soon as it has left.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn delete_all(&self, account: AccountId) -> Result<(), Error> {
        Ok(self.store.mark_all(account, self.database_time.now_ms()).await?)
    }

    /// Undoes a deletion that has not taken effect. Does nothing to a character that is not due for deletion.
    ///
    /// # Errors
    /// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `ALREADY_ONLINE` when another log-in holds the account;
    /// others when the database cannot be asked.
    pub async fn restore(&self, caller: &Caller, id: CharacterId) -> Result<CharacterRow, Error> {
        self.own(caller, id).await?;
        let restored = self.store.restore(id, caller.account, caller.session).await?;
        self.changed(restored)
    }

    /// Gives one of the caller's characters another name or appearance; `None` keeps the old one.
    ///
    /// # Errors
    /// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `CHARACTER_IN_WORLD`, `CHARACTER_DELETED`, `NAME_TAKEN`,
    /// `ALREADY_ONLINE` when another log-in holds the account, `RATE_LIMITED` when it was renamed too recently; others
    /// when the database cannot be asked.
    pub async fn change(
        &self,
        caller: &Caller,
        id: CharacterId,
        name: Option<&Name>,
        appearance: Option<Option<&str>>,
    ) -> Result<CharacterRow, Error> {
        self.own(caller, id).await?;
        let at_ms = self.clock.now_ms();
        let wait_ms = self.rules.rename_wait.as_millis() as u64;
        let rename = name.map(|name| Rename {
            name: &name.shown,
            folded: &name.folded,
            key: &name.key,
            at_ms,
            not_since_ms: at_ms.saturating_sub(wait_ms),
        });
        let (account, session) = (caller.account, caller.session);
        let change = CharacterChange { character: id, account, session, rename, appearance };
        self.changed(self.store.alter(&change).await?)
    }

    fn changed(&self, change: Change) -> Result<CharacterRow, Error> {
        match change {
            Change::Done(row) => Ok(*row),
            Change::Gone => Err(ErrorCode::CharacterNotFound.into()),
            Change::InWorld => Err(ErrorCode::CharacterInWorld.into()),
            Change::Marked => Err(ErrorCode::CharacterDeleted.into()),
            Change::NameTaken => Err(ErrorCode::NameTaken.into()),
            Change::AccountHeld => Err(account_held()),
            Change::Renamed(at_ms) => {
                let until_ms = at_ms.saturating_add(self.rules.rename_wait.as_millis() as u64);
                Err(Error::rate_limited(until_ms.saturating_sub(self.clock.now_ms()) / 1_000 + 1))
            }
        }
    }

    /// Deletes characters that are due now, by the database's time, and fills in the name keys of older sidecars. Works
    /// in small batches, so that nobody waits for it. Every sidecar may run it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn keep_up(&self, now_ms: u64) -> Result<(), Error> {
        self.store.mark_orphans(now_ms).await?;
        while let deleted @ 1.. = self.store.delete_due(now_ms).await? {
            metrics::counter!("realmgate_characters_deleted_total").increment(deleted);
        }
        self.fill_name_keys().await
    }

    /// Fills in the keys of names that an older sidecar wrote: without them, names that look alike could be given out.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn fill_name_keys(&self) -> Result<(), Error> {
        while self.store.fill_name_keys(names::look).await? > 0 {}
        Ok(())
    }

    /// Checks that a character is the caller's.
    async fn own(&self, caller: &Caller, id: CharacterId) -> Result<(), Error> {
        match self.find(id).await?.account == caller.account {
            true => Ok(()),
            false => Err(Error::new(ErrorCode::Forbidden, "You do not own this character")),
        }
    }

    /// The start map: `start_map` of `world.toml`, else the map of the server that embeds us, else map 1.
    pub fn start_map(&self) -> MapId {
        let start = self.start;
        start.world.or(start.embedded).unwrap_or(FIRST_MAP)
    }

    /// Where those of these characters that were in no world yet would begin, for a list. Asks the registry only where there are any,
    /// and where it was not asked within the last second.
    pub async fn beginning_of(&self, rows: &[CharacterRow]) -> Beginning {
        if rows.iter().all(|row| map_of(row).is_some()) {
            return Beginning { map: self.start_map(), spawn: None };
        }
        let now_ms = self.clock.now_ms();
        let shown = *self.shown_beginning.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((beginning, _)) = shown.filter(|(_, until_ms)| now_ms < *until_ms) {
            return beginning;
        }
        let beginning = self.beginning().await;
        // A world without a server may have one in the next moment.
        let shown = beginning.spawn.map(|_| (beginning, now_ms + BEGINNING_SHOWN_MS));
        *self.shown_beginning.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        beginning
    }

    /// Where a character would begin now: on the start map, or where no server hosts that, on the map of the server that
    /// embeds us. While the registry is unavailable, no server counts as hosting: players see their characters all the same.
    pub async fn beginning(&self) -> Beginning {
        let servers = self.registry.servers().await.unwrap_or_default();
        let hosting = |map: MapId| servers.iter().filter(move |server| server.supported_maps.contains(&map));
        let start = self.start_map();
        let map = self.start.embedded.filter(|_| hosting(start).next().is_none()).unwrap_or(start);
        Beginning { map, spawn: hosting(map).find_map(|server| server.spawns.get(&map.0).copied()) }
    }
}

/// Where new characters begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// The map.
    pub map: MapId,
    /// The place there; `None` while no server that hosts the map says it.
    pub spawn: Option<Position>,
}

/// Finds a character by its name, in any case and however its characters are composed. A name that only an older
/// sidecar has allowed is found as it is written.
///
/// # Errors
/// When the database cannot be asked.
pub async fn find_by_name(store: &CharacterStore, name: &str) -> sqlx::Result<Option<CharacterRow>> {
    let (written, folded) = (name.to_lowercase(), names::folded(name));
    match store.find_by_name(&written).await? {
        None if folded != written => store.find_by_name(&folded).await,
        found => Ok(found),
    }
}

fn account_held() -> Error {
    Error::new(ErrorCode::AlreadyOnline, "Another login of this account is connected")
}

/// The map a character is on; `None` for one that was never in a world and will start at [`Characters::beginning`].
pub fn map_of(row: &CharacterRow) -> Option<MapId> {
    u16::try_from(row.map_id).ok().filter(|map| *map > 0).map(MapId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::world::testing::{FakeMap, TestWorld};

    #[tokio::test]
    async fn a_list_shows_for_a_second_where_characters_began() {
        let world = TestWorld::start().await;
        let player = world.player("ann").await;
        let characters = &world.state().characters;
        let rows = [characters.find(player.character).await.unwrap()];
        assert_eq!(characters.beginning_of(&rows).await.spawn, None, "no server hosts the map");
        FakeMap::register(world.state(), "one", &[FIRST_MAP.0], None).await;
        let beginning = characters.beginning_of(&rows).await;
        assert!(beginning.spawn.is_some(), "a server that comes is seen at once");
        world.state().world.servers.deregister(&"one".parse().unwrap()).await.unwrap();
        assert_eq!(characters.beginning_of(&rows).await, beginning);
        world.pass(Duration::from_millis(BEGINNING_SHOWN_MS)).await;
        assert_eq!(characters.beginning_of(&rows).await.spawn, None);
    }
}
