//! The payloads of the events that users at realtime sockets receive.

use std::collections::BTreeMap;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::PartyMember;
use serde::Serialize;
use serde_json::{Value, json};

use super::PartyService;
use super::parties::Person;
use super::users::Speaker;
use crate::store::locks::LockedCharacter;

/// A sender.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sender {
    user_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    character: Option<ShownCharacter>,
}

/// A character.
#[derive(Debug, Clone, Serialize)]
struct ShownCharacter {
    id: String,
    name: String,
}

/// A member of a party.
#[derive(Debug, Serialize)]
struct ShownMember {
    user_id: String,
    character: ShownCharacter,
    /// Whether it is in a world, or its user at a realtime socket.
    online: bool,
    /// The map that it is on, if it is in a world.
    #[serde(skip_serializing_if = "Option::is_none")]
    map_id: Option<u16>,
}

impl From<&Person> for ShownCharacter {
    fn from(person: &Person) -> Self {
        Self { id: person.id.to_string(), name: person.name.clone() }
    }
}

impl From<&Speaker> for Sender {
    fn from(speaker: &Speaker) -> Self {
        Self {
            user_id: speaker.account.to_string(),
            name: speaker.name.clone(),
            character: speaker.person.as_ref().map(ShownCharacter::from),
        }
    }
}

/// The payload of `whisper`.
pub(super) fn whisper(from: &Speaker, text: &str, now_ms: u64) -> Value {
    json!({"from": Sender::from(from), "text": text, "sent_at": realmgate_community::iso(now_ms)})
}

/// The payload of `chat` on the topic of a map.
pub(super) fn map_chat(from: &Speaker, map: u16, text: &str) -> Value {
    json!({"from": Sender::from(from), "text": text, "map": map})
}

/// The payload of `party_chat`.
pub(super) fn party_chat(from: &Speaker, text: &str) -> Value {
    json!({"from": Sender::from(from), "text": text})
}

/// The payload of `party_invited`.
pub(super) fn party_invited(from: &Speaker, party: u64) -> Value {
    json!({"from": Sender::from(from), "party": party})
}

impl PartyService {
    /// The payload of `party_updated`. Without members: the user is no longer in the party.
    pub(super) async fn party_updated(&self, party: u64, members: &[PartyMember]) -> Result<Value, Error> {
        let ids: Vec<CharacterId> = members.iter().map(|member| member.character).collect();
        let found = if ids.is_empty() { Vec::new() } else { self.locks.find_all(&ids).await? };
        let found: BTreeMap<CharacterId, LockedCharacter> =
            found.into_iter().map(|found| (found.character, found)).collect();
        let mut shown = Vec::with_capacity(members.len());
        for member in members {
            // A character that was deleted leaves its party soon.
            let Some(found) = found.get(&member.character) else { continue };
            shown.push(ShownMember {
                user_id: found.account.to_string(),
                character: ShownCharacter { id: member.character.to_string(), name: member.name.clone() },
                online: member.online,
                map_id: self.map_of(found).await,
            });
        }
        Ok(json!({"party": party, "members": shown}))
    }

    /// The map that a character in a world is on. Where the session entries cannot be asked, the one where it was last saved.
    async fn map_of(&self, found: &LockedCharacter) -> Option<u16> {
        found.lock.owner.map_server()?;
        let entry = self.sessions.get(&found.account.to_string()).await.ok().flatten();
        let entered =
            entry.and_then(|entry| entry.character).filter(|entered| entered.id == found.character.to_string());
        entered.map(|entered| entered.map_id).or(found.map).map(|map| map.0)
    }
}
