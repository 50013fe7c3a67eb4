//! Making, listing and deleting characters.

use realmgate_protocol::ids::{CharacterId, MapId};
use uuid::Uuid;

use super::tokens::Caller;
use crate::error::{Error, ErrorCode};
use crate::state::AppState;
use crate::store::characters::{CharacterRow, Creation, Deletion, NewCharacter};

/// How many characters an account may have.
pub const MAX_CHARACTERS: u32 = 8;
/// Shortest and longest name, in characters.
pub const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=24;
/// Units of a position in a tile.
pub const UNITS_PER_TILE: f64 = 1_024.0;
/// Where characters begin when neither designers nor the embedding server say so.
const FIRST_MAP: MapId = MapId(1);

/// The name as it is compared: `Ann` and `ann` are the same.
pub fn fold_name(name: &str) -> String {
    name.to_lowercase()
}

/// What is wrong with a new name, if anything.
pub fn name_fault(name: &str) -> Option<&'static str> {
    let legal = |symbol: char| symbol.is_alphanumeric() || matches!(symbol, ' ' | '\'' | '-');
    let spaced = |name: &str| name.split(' ').all(|word| !word.is_empty());
    if !NAME_LENGTH.contains(&name.chars().count()) {
        Some("has 3 to 24 characters")
    } else if !name.chars().all(legal) {
        Some("has letters, digits, spaces, ' and - only")
    } else if !name.starts_with(char::is_alphabetic) {
        Some("begins with a letter")
    } else if !spaced(name) {
        Some("has single spaces only, and none at its end")
    } else {
        None
    }
}

/// Makes a character. The caller has checked the name with [`name_fault`].
pub async fn create(state: &AppState, caller: &Caller, name: &str, class_id: &str) -> Result<CharacterRow, Error> {
    if state.classes.get(class_id).is_none() {
        return Err(Error::field("class_id", "is not one of GET /character-classes"));
    }
    let new = NewCharacter {
        id: CharacterId::from(Uuid::now_v7()),
        account: caller.account,
        session: caller.session,
        name,
        folded: &fold_name(name),
        class_id,
        at_ms: state.clock.now_ms(),
    };
    match state.store.characters.create(new, MAX_CHARACTERS).await? {
        Creation::Created(row) => {
            metrics::counter!("realmgate_characters_created_total").increment(1);
            Ok(row)
        }
        Creation::NameTaken => Err(ErrorCode::NameTaken.into()),
        Creation::TooMany => Err(ErrorCode::TooManyCharacters.into()),
        Creation::AccountHeld => Err(account_held()),
    }
}

/// The caller's characters, oldest first.
pub async fn list(state: &AppState, caller: &Caller) -> Result<Vec<CharacterRow>, Error> {
    Ok(state.store.characters.list(caller.account).await?)
}

/// One character, whoever owns it: for our servers.
pub async fn find(state: &AppState, id: CharacterId) -> Result<CharacterRow, Error> {
    state.store.characters.find(id).await?.ok_or_else(|| ErrorCode::CharacterNotFound.into())
}

/// Deletes one of the caller's characters, unless it is in the world or on its way there.
pub async fn delete(state: &AppState, caller: &Caller, id: CharacterId) -> Result<(), Error> {
    if find(state, id).await?.account != caller.account {
        return Err(Error::new(ErrorCode::Forbidden, "You do not own this character"));
    }
    match state.store.characters.delete(id, caller.account, caller.session, state.clock.now_ms()).await? {
        Deletion::Deleted => Ok(()),
        Deletion::InWorld => Err(ErrorCode::CharacterInWorld.into()),
        Deletion::AccountHeld => Err(account_held()),
    }
}

fn account_held() -> Error {
    Error::new(ErrorCode::AlreadyOnline, "Another log-in of this account is playing")
}

/// The map a character is on; `None` for one that was never in a world: it will begin on [`first_map`].
pub fn map_of(row: &CharacterRow) -> Option<MapId> {
    u16::try_from(row.map_id).ok().filter(|map| *map > 0).map(MapId)
}

/// Where designers want characters to begin: `start_map` of `world.toml`.
pub fn start_map(state: &AppState) -> MapId {
    let start = state.config.start;
    start.world.or(start.embedded).unwrap_or(FIRST_MAP)
}

/// Where a character would begin now: on the start map, or, where no server hosts that, on the map of the server that
/// embeds us.
pub async fn first_map(state: &AppState) -> Result<MapId, Error> {
    let start = start_map(state);
    match state.config.start.embedded {
        Some(embedded) if state.registry.hosting(start).await?.is_empty() => Ok(embedded),
        _ => Ok(start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable() {
        for good in ["Ann", "Ann the Third", "O'Brien", "Jean-Luc", "Zoë", "Дмитрий", "R2D2"] {
            assert_eq!(name_fault(good), None, "{good}");
        }
        for bad in ["", "ab", " Ann", "Ann ", "A  nn", "Ann\u{200b}a", "<b>Ann", "123", "Ann\n", &"x".repeat(25)] {
            assert!(name_fault(bad).is_some(), "{bad:?}");
        }
        assert_eq!(fold_name("ZOË"), fold_name("zoë"));
    }
}
