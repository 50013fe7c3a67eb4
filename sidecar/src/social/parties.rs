//! Parties: their members, who leads them and when another does, their invitations, and which events they cause. No I/O.

use std::collections::{BTreeMap, HashMap};

use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{PartyMember, SocialEvent};

/// Maximum number of members of a party.
pub(super) const MAX_MEMBERS: usize = 5;
/// Maximum number of unanswered invitations of a party.
const MAX_INVITED: usize = 16;
/// How long an unanswered invitation keeps the same one from being sent again, in milliseconds.
const INVITE_AGAIN_MS: u64 = 60_000;
/// How long a member who is in no world keeps its place, in milliseconds.
const KEEP_AWAY_MS: u64 = 120_000;

/// A character with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: CharacterId,
    pub(super) name: String,
}

/// An event for one character.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delivery {
    pub(super) to: CharacterId,
    pub(super) event: SocialEvent,
}

/// Why a command cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    PartyFull,
    AlreadyInParty,
    NoInvitation,
    NotInParty,
    AlreadyAsked,
}

/// A member of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) person: Person,
    /// Since when it has been in no world, and its user at no realtime socket, in Unix milliseconds; `None` while it is reached.
    pub(super) away_since_ms: Option<u64>,
}

/// A character that was invited to a party and has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invited {
    pub(super) id: CharacterId,
    /// When it was last invited, in Unix milliseconds.
    pub(super) asked_at_ms: u64,
}

/// Where a party believes a member to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemberStatus {
    pub(super) id: CharacterId,
    pub(super) is_away: bool,
}

/// A party.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Party {
    /// The leader first, then in the order in which they joined.
    pub(super) members: Vec<Member>,
    pub(super) invited: Vec<Invited>,
}

/// All parties.
#[derive(Debug, Clone, Default)]
pub(super) struct Parties {
    parties: BTreeMap<u64, Party>,
    party_of: HashMap<CharacterId, u64>,
    last_id: u64,
}

impl Parties {
    /// Restores stored parties.
    pub(super) fn restore(parties: BTreeMap<u64, Party>, last_id: u64) -> Self {
        let members = parties.iter().flat_map(|(id, party)| party.members.iter().map(|member| (member.person.id, *id)));
        let party_of = members.collect();
        let last_id = parties.last_key_value().map_or(last_id, |(id, _)| last_id.max(*id));
        Self { parties, party_of, last_id }
    }

    /// All parties by their ids.
    pub(super) fn all(&self) -> &BTreeMap<u64, Party> {
        &self.parties
    }

    /// The last id that was given out.
    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// All members of all parties.
    pub(super) fn members(&self) -> Vec<MemberStatus> {
        let members = self.parties.values().flat_map(|party| &party.members);
        members.map(|member| MemberStatus { id: member.person.id, is_away: member.away_since_ms.is_some() }).collect()
    }

    /// Invites a character. A host without a party founds one. A guest who was invited a moment ago is not invited
    /// again.
    pub(super) fn invite(&mut self, host: &Person, guest: &Person, now_ms: u64) -> Result<Vec<Delivery>, Failure> {
        if host.id == guest.id || self.party_of.contains_key(&guest.id) {
            return Err(Failure::AlreadyInParty);
        }
        let id = self.party_of.get(&host.id).copied().unwrap_or_else(|| self.found(host));
        let party = self.parties.entry(id).or_default();
        if party.members.len() >= MAX_MEMBERS {
            return Err(Failure::PartyFull);
        }
        let is_crowded = party.invited.len() >= MAX_INVITED;
        match party.invited.iter_mut().find(|invited| invited.id == guest.id) {
            Some(before) if now_ms.saturating_sub(before.asked_at_ms) < INVITE_AGAIN_MS => {
                return Err(Failure::AlreadyAsked);
            }
            Some(before) => before.asked_at_ms = now_ms,
            None if is_crowded => return Err(Failure::PartyFull),
            None => party.invited.push(Invited { id: guest.id, asked_at_ms: now_ms }),
        }
        let invited = SocialEvent::PartyInvited { party: id, from: host.name.clone() };
        let mut deliveries = vec![Delivery { to: guest.id, event: invited }];
        if party.members.len() == 1 {
            deliveries.extend(self.state(id));
        }
        Ok(deliveries)
    }

    /// Accepts an invitation, or declines it.
    pub(super) fn answer(&mut self, guest: &Person, id: u64, accept: bool) -> Result<Vec<Delivery>, Failure> {
        let party = self.parties.get_mut(&id).ok_or(Failure::NoInvitation)?;
        let place = party.invited.iter().position(|invited| invited.id == guest.id).ok_or(Failure::NoInvitation)?;
        if accept && self.party_of.contains_key(&guest.id) {
            return Err(Failure::AlreadyInParty);
        }
        party.invited.remove(place);
        if !accept {
            return Ok(self.dissolve_if_pointless(id));
        }
        if party.members.len() >= MAX_MEMBERS {
            return Err(Failure::PartyFull);
        }
        party.members.push(Member { person: guest.clone(), away_since_ms: None });
        self.party_of.insert(guest.id, id);
        Ok(self.state(id))
    }

    /// Leaves the party. The member who joined next becomes the leader.
    pub(super) fn leave(&mut self, character: CharacterId) -> Result<Vec<Delivery>, Failure> {
        let id = self.party_of.remove(&character).ok_or(Failure::NotInParty)?;
        let mut deliveries = vec![Delivery { to: character, event: no_party(id) }];
        if let Some(party) = self.parties.get_mut(&id) {
            party.members.retain(|member| member.person.id != character);
        }
        let dissolved = self.dissolve_if_pointless(id);
        deliveries.extend(if dissolved.is_empty() { self.state(id) } else { dissolved });
        Ok(deliveries)
    }

    /// Says something to the party; the speaker receives it too.
    pub(super) fn chat(&self, speaker: &Person, text: &str) -> Result<Vec<Delivery>, Failure> {
        let id = self.party_of.get(&speaker.id).ok_or(Failure::NotInParty)?;
        let said = SocialEvent::PartyChat { from: speaker.name.clone(), text: text.to_owned() };
        Ok(self.to_present(*id, &said))
    }

    /// Whether the character is in a party.
    pub(super) fn has(&self, character: CharacterId) -> bool {
        self.party_of.contains_key(&character)
    }

    /// The current state of the character's party; `None` if it is in none.
    pub(super) fn state_of(&self, character: CharacterId) -> Option<SocialEvent> {
        let id = *self.party_of.get(&character)?;
        self.parties.get(&id).map(|party| party_state(id, party))
    }

    /// A character can be reached again, or not any more.
    pub(super) fn set_reached(&mut self, character: CharacterId, is_reached: bool, now_ms: u64) -> Vec<Delivery> {
        if is_reached { self.returned(character) } else { self.away(character, now_ms) }
    }

    /// A character is in a world again, or in another one.
    pub(super) fn returned(&mut self, character: CharacterId) -> Vec<Delivery> {
        self.set_away(character, None)
    }

    /// A character is in no world, but may come back.
    pub(super) fn away(&mut self, character: CharacterId, now_ms: u64) -> Vec<Delivery> {
        let mut deliveries = self.withdraw_invitations(character);
        deliveries.extend(self.set_away(character, Some(now_ms)));
        deliveries
    }

    /// A character is in no world, and left on purpose.
    pub(super) fn gone(&mut self, character: CharacterId) -> Vec<Delivery> {
        let mut deliveries = self.withdraw_invitations(character);
        deliveries.extend(self.leave(character).unwrap_or_default());
        deliveries
    }

    /// Removes members who have been away for too long.
    pub(super) fn forget_the_long_gone(&mut self, now_ms: u64) -> Vec<Delivery> {
        let is_long_gone =
            |member: &&Member| member.away_since_ms.is_some_and(|since| now_ms.saturating_sub(since) >= KEEP_AWAY_MS);
        let members = self.parties.values().flat_map(|party| &party.members);
        let gone: Vec<CharacterId> = members.filter(is_long_gone).map(|member| member.person.id).collect();
        gone.into_iter().flat_map(|character| self.leave(character).unwrap_or_default()).collect()
    }

    fn found(&mut self, leader: &Person) -> u64 {
        self.last_id += 1;
        let members = vec![Member { person: leader.clone(), away_since_ms: None }];
        self.parties.insert(self.last_id, Party { members, invited: Vec::new() });
        self.party_of.insert(leader.id, self.last_id);
        self.last_id
    }

    fn set_away(&mut self, character: CharacterId, since_ms: Option<u64>) -> Vec<Delivery> {
        let Some(id) = self.party_of.get(&character).copied() else { return Vec::new() };
        let members = self.parties.get_mut(&id).into_iter().flat_map(|party| &mut party.members);
        members.filter(|member| member.person.id == character).for_each(|member| member.away_since_ms = since_ms);
        self.state(id)
    }

    fn withdraw_invitations(&mut self, character: CharacterId) -> Vec<Delivery> {
        let is_asked = |party: &Party| party.invited.iter().any(|invited| invited.id == character);
        let asked = self.parties.iter_mut().filter(|(_, party)| is_asked(party));
        let asked: Vec<u64> = asked
            .map(|(id, party)| {
                party.invited.retain(|invited| invited.id != character);
                *id
            })
            .collect();
        asked.into_iter().flat_map(|id| self.dissolve_if_pointless(id)).collect()
    }

    /// Dissolves a party of one without open invitations, and a party that all have left, whatever its invitations.
    fn dissolve_if_pointless(&mut self, id: u64) -> Vec<Delivery> {
        let is_pointless =
            |party: &Party| party.members.is_empty() || (party.members.len() == 1 && party.invited.is_empty());
        let pointless = self.parties.get(&id).is_some_and(is_pointless);
        if !pointless {
            return Vec::new();
        }
        let members = self.parties.remove(&id).unwrap_or_default().members;
        members
            .into_iter()
            .map(|member| {
                self.party_of.remove(&member.person.id);
                Delivery { to: member.person.id, event: no_party(id) }
            })
            .collect()
    }

    /// The current state of the party, for each member who is in a world.
    fn state(&self, id: u64) -> Vec<Delivery> {
        let Some(party) = self.parties.get(&id) else { return Vec::new() };
        self.to_present(id, &party_state(id, party))
    }

    fn to_present(&self, id: u64, event: &SocialEvent) -> Vec<Delivery> {
        let members = self.parties.get(&id).into_iter().flat_map(|party| &party.members);
        let present = members.filter(|member| member.away_since_ms.is_none());
        present.map(|member| Delivery { to: member.person.id, event: event.clone() }).collect()
    }
}

fn party_state(id: u64, party: &Party) -> SocialEvent {
    let members = party.members.iter().map(|member| PartyMember {
        character: member.person.id,
        name: member.person.name.clone(),
        online: member.away_since_ms.is_none(),
    });
    SocialEvent::PartyState { party: id, members: members.collect() }
}

fn no_party(id: u64) -> SocialEvent {
    SocialEvent::PartyState { party: id, members: Vec::new() }
}

#[cfg(test)]
mod tests;
