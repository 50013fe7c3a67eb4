//! Senders and receivers: users in the world or at a realtime socket, the characters in whose names they speak, and the names by
//! which others reach them.

use std::collections::BTreeSet;

use realmgate_community::{Reached, SocialRefusal};
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId};

use super::PartyService;
use super::parties::{Parties, Person};
use crate::service::characters::find_by_name;
use crate::store::locks::LockedCharacter;

/// Longest name that is looked up, in bytes.
const MAX_NAME_BYTES: usize = 320;

/// The sender of a text or an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Speaker {
    pub(super) account: AccountId,
    /// The character in whose name it speaks; `None` for an account without characters.
    pub(super) person: Option<Person>,
    /// The name that others see and can answer to: the character's, or `@` and the user name, which no character can have.
    pub(super) name: String,
}

/// A user that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) account: AccountId,
    /// The character whose name it was.
    pub(super) person: Option<Person>,
    /// The name that the sender is shown.
    pub(super) name: String,
}

/// Where a user can be reached now: at least one of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The character that is in a world.
    pub(super) in_world: Option<Person>,
    /// Whether the account has a realtime socket that has joined its topic.
    pub(super) on_socket: bool,
}

impl Speaker {
    pub(super) fn of(found: LockedCharacter) -> Self {
        let person = Person { id: found.character, name: found.name.clone() };
        Self { account: found.account, person: Some(person), name: found.name }
    }
}

impl PartyService {
    /// The user of an account as a sender. It speaks as the chosen character; otherwise as the one in a world, then, for parties,
    /// as one that is in a party, then as the one that was used last.
    pub(super) async fn speaker_of(
        &self,
        user: &Reached,
        chosen: Option<CharacterId>,
        for_party: bool,
    ) -> Result<Result<Speaker, SocialRefusal>, Error> {
        let characters = self.characters.by_use(user.account).await?;
        let found = match chosen {
            Some(id) => match characters.iter().find(|row| row.id == id) {
                Some(row) => Some(row),
                None => return Ok(Err(SocialRefusal::NoCharacter)),
            },
            None => match characters.iter().find(|row| row.is_in_world()) {
                None if for_party && characters.len() > 1 => {
                    let ids: Vec<CharacterId> = characters.iter().map(|row| row.id).collect();
                    let member = self.member_among(&ids).await?;
                    characters.iter().find(|row| Some(row.id) == member).or(characters.first())
                }
                None => characters.first(),
                found => found,
            },
        };
        let person = found.map(|row| Person { id: row.id, name: row.name.clone() });
        let name = person.as_ref().map_or_else(|| format!("@{}", user.username), |person| person.name.clone());
        Ok(Ok(Speaker { account: user.account, person, name }))
    }

    /// The user that a text names: a character's name, `@` and a user name, a user's id, or a display name that one user alone has.
    pub(super) async fn named(&self, text: &str) -> Result<Result<Named, SocialRefusal>, Error> {
        if text.is_empty() || text.len() > MAX_NAME_BYTES {
            return Ok(Err(SocialRefusal::NotFound));
        }
        let by_account = |user: Reached| {
            let name = format!("@{}", user.username);
            Ok(Named { account: user.account, person: None, name })
        };
        if let Some(username) = text.strip_prefix('@') {
            let found = self.audience.by_username(username).await?;
            return Ok(found.map_or(Err(SocialRefusal::NotFound), by_account));
        }
        if let Ok(id) = text.parse::<AccountId>()
            && let Some(found) = self.audience.find(id).await?
        {
            return Ok(by_account(found));
        }
        if let Some(row) = find_by_name(&self.characters, text).await? {
            let person = Some(Person { id: row.id, name: row.name.clone() });
            return Ok(Ok(Named { account: row.account, person, name: row.name }));
        }
        let mut found = self.audience.by_display_name(text).await?;
        Ok(match (found.pop(), found.pop()) {
            (Some(_), Some(_)) => Err(SocialRefusal::Ambiguous),
            (Some(user), None) => by_account(user),
            _ => Err(SocialRefusal::NotFound),
        })
    }

    /// Where the user can be reached; `None` if nowhere. Only the named character counts as in the world.
    pub(super) async fn place_of(&self, named: &Named) -> Result<Option<Place>, Error> {
        let found = match &named.person {
            Some(person) => self.locks.find(person.id).await?.into_iter().collect(),
            None => self.locks.held_by_account(named.account).await?,
        };
        let mut there = found
            .into_iter()
            .filter(|found| found.lock.owner.map_server().is_some() && found.lock.deadline_ms.is_none());
        let in_world = there.next().map(|found| Person { id: found.character, name: found.name });
        let on_socket = self.is_on_socket(named.account).await?;
        Ok((in_world.is_some() || on_socket).then_some(Place { in_world, on_socket }))
    }

    /// Whether the account has a realtime socket that has joined its topic, at any sidecar.
    pub(super) async fn is_on_socket(&self, account: AccountId) -> Result<bool, Error> {
        Ok(!self.audience.on_sockets(&BTreeSet::from([account])).await?.is_empty())
    }

    /// Whether one of both blocks the other. No user blocks itself.
    pub(super) async fn is_blocked(&self, one: AccountId, other: AccountId) -> Result<bool, Error> {
        if one == other { Ok(false) } else { Ok(self.audience.is_blocked(one, other).await?) }
    }

    /// Whether a user at a realtime socket is shown what a speaker says: neither blocks the other, and none of its characters
    /// ignores the name.
    pub(super) async fn hears(&self, listener: AccountId, speaker: &Speaker) -> Result<bool, Error> {
        if listener == speaker.account {
            return Ok(true);
        }
        if self.is_blocked(listener, speaker.account).await? {
            return Ok(false);
        }
        Ok(!self.characters.ignored_names(listener).await?.contains(&speaker.name.to_lowercase()))
    }

    /// The first of these characters that is in a party.
    pub(super) async fn member_among(&self, characters: &[CharacterId]) -> Result<Option<CharacterId>, Error> {
        let mut member = None;
        let look = &mut |parties: &mut Parties| {
            member = characters.iter().copied().find(|id| parties.has(*id));
            Ok(Vec::new())
        };
        // Reading changes nothing, so there are no events.
        let _ = self.parties.change(look).await?;
        Ok(member)
    }
}
