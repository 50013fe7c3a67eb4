//! Creating, listing, changing and deleting characters.

use std::time::Duration;

use realmgate_protocol::ids::{CharacterId, MapId};
use uuid::Uuid;

use super::names::{self, Name};
use super::tokens::Caller;
use crate::error::{Error, ErrorCode};
use crate::state::AppState;
use crate::store::Store;
use crate::store::characters::{Change, CharacterChange, CharacterRow, Creation, Deletion, NewCharacter, Rename};

/// How many characters an account may have.
pub const MAX_CHARACTERS: u32 = 8;
/// The start map where neither the designers nor the embedding server name one.
const FIRST_MAP: MapId = MapId(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates a character.
///
/// # Errors
/// `VALIDATION_FAILED` for a bad name or class, `NAME_TAKEN`, `TOO_MANY_CHARACTERS`, `ALREADY_ONLINE` when another
/// log-in holds the account, `RATE_LIMITED` for too many within a day; others when the database cannot be asked.
pub async fn create(state: &AppState, caller: &Caller, name: &str, class_id: &str) -> Result<CharacterRow, Error> {
    let name = Name::parse(name).map_err(|fault| Error::field("name", fault))?;
    if state.classes.get(class_id).is_none() {
        return Err(Error::field("class_id", "is not one of GET /character-classes"));
    }
    let now_ms = state.clock.now_ms();
    check_rate(state, caller, now_ms).await?;
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
    match state.store.characters.create(new, MAX_CHARACTERS).await? {
        Creation::Created(row) => {
            metrics::counter!("realmgate_characters_created_total").increment(1);
            Ok(*row)
        }
        Creation::NameTaken => Err(ErrorCode::NameTaken.into()),
        Creation::TooMany => Err(ErrorCode::TooManyCharacters.into()),
        Creation::AccountHeld => Err(account_held()),
    }
}

/// Checks whether the account may create another character within this day. Calls at the same time are limited together
/// only by the number of characters that an account may have.
async fn check_rate(state: &AppState, caller: &Caller, now_ms: u64) -> Result<(), Error> {
    let day_ago_ms = now_ms.saturating_sub(DAY.as_millis() as u64);
    let (count, first_ms) = state.store.characters.created_since(caller.account, day_ago_ms).await?;
    if count < u64::from(state.config.characters.creations_per_day) {
        return Ok(());
    }
    let wait_ms = first_ms.map_or(0, |first| first.saturating_sub(day_ago_ms));
    Err(Error::rate_limited(wait_ms / 1_000 + 1))
}

/// The caller's characters, oldest first, including those that are due for deletion.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(state: &AppState, caller: &Caller) -> Result<Vec<CharacterRow>, Error> {
    Ok(state.store.characters.list(caller.account).await?)
}

/// Finds a character of any account: for our servers.
///
/// # Errors
/// `CHARACTER_NOT_FOUND`; others when the database cannot be asked.
pub async fn find(state: &AppState, id: CharacterId) -> Result<CharacterRow, Error> {
    state.store.characters.find(id).await?.ok_or_else(|| ErrorCode::CharacterNotFound.into())
}

/// Finds a character by its name, in any case and however its characters are composed. A name that only an older
/// sidecar has allowed is found as it is written.
///
/// # Errors
/// When the database cannot be asked.
pub async fn find_by_name(store: &Store, name: &str) -> sqlx::Result<Option<CharacterRow>> {
    let (written, folded) = (name.to_lowercase(), names::folded(name));
    match store.characters.find_by_name(&written).await? {
        None if folded != written => store.characters.find_by_name(&folded).await,
        found => Ok(found),
    }
}

/// Deletes one of the caller's characters, unless it is in the world or on its way there. Until the grace period is
/// over, [`restore`] undoes it.
///
/// # Errors
/// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `CHARACTER_IN_WORLD`, `ALREADY_ONLINE` when another log-in
/// holds the account; others when the database cannot be asked.
pub async fn delete(state: &AppState, caller: &Caller, id: CharacterId) -> Result<(), Error> {
    own(state, caller, id).await?;
    let (store, grace) = (&state.store.characters, state.config.characters.deletion_grace);
    let deletion = if grace.is_zero() {
        store.delete(id, caller.account, caller.session, state.clock.now_ms()).await?
    } else {
        let deletes_at_ms = state.db_time.now_ms().saturating_add(grace.as_millis() as u64);
        store.mark(id, caller.account, caller.session, deletes_at_ms).await?
    };
    match deletion {
        Deletion::Deleted => Ok(()),
        Deletion::InWorld => Err(ErrorCode::CharacterInWorld.into()),
        Deletion::AccountHeld => Err(account_held()),
    }
}

/// Undoes a deletion that has not taken effect. Does nothing to a character that is not due for deletion.
///
/// # Errors
/// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `ALREADY_ONLINE` when another log-in holds the account;
/// others when the database cannot be asked.
pub async fn restore(state: &AppState, caller: &Caller, id: CharacterId) -> Result<CharacterRow, Error> {
    own(state, caller, id).await?;
    let restored = state.store.characters.restore(id, caller.account, caller.session).await?;
    changed(state, restored)
}

/// Gives one of the caller's characters another name or appearance; `None` keeps the old one.
///
/// # Errors
/// `CHARACTER_NOT_FOUND`, `FORBIDDEN` for somebody else's, `CHARACTER_IN_WORLD`, `CHARACTER_DELETED`, `NAME_TAKEN`,
/// `ALREADY_ONLINE` when another log-in holds the account, `RATE_LIMITED` when it was renamed too recently; others when
/// the database cannot be asked.
pub async fn change(
    state: &AppState,
    caller: &Caller,
    id: CharacterId,
    name: Option<&Name>,
    appearance: Option<Option<&str>>,
) -> Result<CharacterRow, Error> {
    own(state, caller, id).await?;
    let at_ms = state.clock.now_ms();
    let wait_ms = state.config.characters.rename_wait.as_millis() as u64;
    let rename = name.map(|name| Rename {
        name: &name.shown,
        folded: &name.folded,
        key: &name.key,
        at_ms,
        not_since_ms: at_ms.saturating_sub(wait_ms),
    });
    let (account, session) = (caller.account, caller.session);
    let change = CharacterChange { character: id, account, session, rename, appearance };
    changed(state, state.store.characters.alter(&change).await?)
}

fn changed(state: &AppState, change: Change) -> Result<CharacterRow, Error> {
    match change {
        Change::Done(row) => Ok(*row),
        Change::Gone => Err(ErrorCode::CharacterNotFound.into()),
        Change::InWorld => Err(ErrorCode::CharacterInWorld.into()),
        Change::Marked => Err(ErrorCode::CharacterDeleted.into()),
        Change::NameTaken => Err(ErrorCode::NameTaken.into()),
        Change::AccountHeld => Err(account_held()),
        Change::Renamed(at_ms) => {
            let until_ms = at_ms.saturating_add(state.config.characters.rename_wait.as_millis() as u64);
            Err(Error::rate_limited(until_ms.saturating_sub(state.clock.now_ms()) / 1_000 + 1))
        }
    }
}

/// Deletes characters that are due, and fills in the name keys of older sidecars. Works in small batches, so that
/// nobody waits for it. Every sidecar may run it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn keep_up(state: &AppState) -> Result<(), Error> {
    let now_ms = state.store.now_ms().await?;
    while let deleted @ 1.. = state.store.characters.delete_due(now_ms).await? {
        metrics::counter!("realmgate_characters_deleted_total").increment(deleted);
    }
    fill_name_keys(state).await
}

/// Fills in the keys of names that an older sidecar wrote: without them, names that look alike could be given out.
///
/// # Errors
/// When the database cannot be asked.
pub async fn fill_name_keys(state: &AppState) -> Result<(), Error> {
    while state.store.characters.fill_name_keys(names::look).await? > 0 {}
    Ok(())
}

/// Checks that a character is the caller's.
async fn own(state: &AppState, caller: &Caller, id: CharacterId) -> Result<(), Error> {
    match find(state, id).await?.account == caller.account {
        true => Ok(()),
        false => Err(Error::new(ErrorCode::Forbidden, "You do not own this character")),
    }
}

fn account_held() -> Error {
    Error::new(ErrorCode::AlreadyOnline, "Another log-in of this account is connected")
}

/// The map a character is on; `None` for one that was never in a world and will start on [`first_map`].
pub fn map_of(row: &CharacterRow) -> Option<MapId> {
    u16::try_from(row.map_id).ok().filter(|map| *map > 0).map(MapId)
}

/// The start map: `start_map` of `world.toml`, else the map of the server that embeds us, else map 1.
pub fn start_map(state: &AppState) -> MapId {
    let start = state.config.start;
    start.world.or(start.embedded).unwrap_or(FIRST_MAP)
}

/// The map where a character would start now: the start map, or where no server hosts that, the map of the server that
/// embeds us.
///
/// # Errors
/// When the registry cannot be asked.
pub async fn first_map(state: &AppState) -> Result<MapId, Error> {
    let start = start_map(state);
    match state.config.start.embedded {
        Some(embedded) if state.registry.hosting(start).await?.is_empty() => Ok(embedded),
        _ => Ok(start),
    }
}
