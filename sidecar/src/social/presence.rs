//! Where characters are. The locks say so, whatever was lost and whichever sidecar has just started.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{CharacterId, ServerId};

use super::PartyService;
use super::parties::{MemberStatus, Person};
use crate::lock::CharacterOwner;
use crate::service::characters::find_by_name;

/// Longest character name that is looked up, in bytes.
const MAX_NAME_BYTES: usize = 128;

impl PartyService {
    /// The map servers of those characters that are on one, or are expected there.
    pub(super) async fn servers_of(
        &self,
        characters: &[CharacterId],
    ) -> Result<BTreeMap<CharacterId, ServerId>, Error> {
        let found = self.locks.find_all(characters).await?;
        let on_a_map =
            found.into_iter().filter_map(|found| Some((found.character, found.lock.owner.map_server()?.clone())));
        Ok(on_a_map.collect())
    }

    /// Those members who are neither in a world nor on their way to one.
    pub(super) async fn out_of_the_world(&self, members: &[MemberStatus]) -> Result<BTreeSet<CharacterId>, Error> {
        let ids: Vec<CharacterId> = members.iter().map(|member| member.id).collect();
        let found = self.locks.find_all(&ids).await?;
        let held: BTreeSet<CharacterId> = found
            .iter()
            .filter(|found| found.lock.owner != CharacterOwner::None)
            .map(|found| found.character)
            .collect();
        Ok(ids.into_iter().filter(|id| !held.contains(id)).collect())
    }

    /// The speaker of a command; `None` for a character that the map server does not hold: it may not speak for others.
    pub(super) async fn speaker(&self, server: &ServerId, character: CharacterId) -> Result<Option<Person>, Error> {
        let found = self.locks.find(character).await?;
        let here = found.filter(|found| found.lock.owner.map_server() == Some(server));
        Ok(here.map(|found| Person { id: character, name: found.name }))
    }

    /// Finds a character that has arrived in a world, by its name in any case.
    pub(super) async fn online_by_name(&self, name: &str) -> Result<Option<Person>, Error> {
        if name.len() > MAX_NAME_BYTES {
            return Ok(None);
        }
        let Some(row) = find_by_name(&self.characters, name).await? else { return Ok(None) };
        let found = self.locks.find(row.id).await?;
        let there = found.filter(|found| found.lock.owner.map_server().is_some() && found.lock.deadline_ms.is_none());
        Ok(there.map(|found| Person { id: found.character, name: found.name }))
    }
}
