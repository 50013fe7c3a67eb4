//! Where characters are. The locks say so, whatever was lost and whoever has just started.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_protocol::ids::{CharacterId, ServerId};

use super::parties::{Person, Place};
use crate::error::Error;
use crate::lock::LockOwner;
use crate::service::characters::fold_name;
use crate::state::AppState;

/// Longest character name that is looked up.
const MAX_NAME_BYTES: usize = 128;

/// The map servers of those who are on one, or expected there.
pub(super) async fn servers_of(
    state: &AppState,
    characters: &[CharacterId],
) -> Result<BTreeMap<CharacterId, ServerId>, Error> {
    let found = state.store.locks.find_all(characters).await?;
    let on_a_map =
        found.into_iter().filter_map(|found| Some((found.character, found.lock.owner.map_server()?.clone())));
    Ok(on_a_map.collect())
}

/// Those of these who are neither in a world nor on their way.
pub(super) async fn out_of_the_world(state: &AppState, members: &[Place]) -> Result<BTreeSet<CharacterId>, Error> {
    let ids: Vec<CharacterId> = members.iter().map(|member| member.id).collect();
    let found = state.store.locks.find_all(&ids).await?;
    let held: BTreeSet<CharacterId> =
        found.iter().filter(|found| found.lock.owner != LockOwner::None).map(|found| found.character).collect();
    Ok(ids.into_iter().filter(|id| !held.contains(id)).collect())
}

/// Who speaks: a map server may only speak for characters that it holds.
pub(super) async fn speaker(
    state: &AppState,
    server: &ServerId,
    character: CharacterId,
) -> Result<Option<Person>, Error> {
    let found = state.store.locks.find(character).await?;
    let here = found.filter(|found| found.lock.owner.map_server() == Some(server));
    Ok(here.map(|found| Person { id: character, name: found.name }))
}

/// A character that has arrived in a world, by its name in any case.
pub(super) async fn online_by_name(state: &AppState, name: &str) -> Result<Option<Person>, Error> {
    if name.len() > MAX_NAME_BYTES {
        return Ok(None);
    }
    let Some(row) = state.store.characters.find_by_name(&fold_name(name)).await? else { return Ok(None) };
    let found = state.store.locks.find(row.id).await?;
    let there = found.filter(|found| found.lock.owner.map_server().is_some() && found.lock.deadline_ms.is_none());
    Ok(there.map(|found| Person { id: found.character, name: found.name }))
}
