//! Parties: their members and invitations, and which events they cause. No I/O.

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
    NotOnline,
    PartyFull,
    AlreadyInParty,
    NoInvitation,
    NotInParty,
    BadText,
    AlreadyAsked,
}

impl Failure {
    /// The code that the player's client gets.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotOnline => "NOT_ONLINE",
            Self::PartyFull => "PARTY_FULL",
            Self::AlreadyInParty => "ALREADY_IN_PARTY",
            Self::NoInvitation => "NO_INVITATION",
            Self::NotInParty => "NOT_IN_PARTY",
            Self::BadText => "BAD_MESSAGE",
            Self::AlreadyAsked => "ALREADY_ASKED",
        }
    }
}

/// A member of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) person: Person,
    /// Since when it has been in no world, in Unix milliseconds; `None` while it is in one.
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
        let members = party.members.iter().map(|member| PartyMember {
            character: member.person.id,
            name: member.person.name.clone(),
            online: member.away_since_ms.is_none(),
        });
        self.to_present(id, &SocialEvent::PartyState { party: id, members: members.collect() })
    }

    fn to_present(&self, id: u64, event: &SocialEvent) -> Vec<Delivery> {
        let members = self.parties.get(&id).into_iter().flat_map(|party| &party.members);
        let present = members.filter(|member| member.away_since_ms.is_none());
        present.map(|member| Delivery { to: member.person.id, event: event.clone() }).collect()
    }
}

fn no_party(id: u64) -> SocialEvent {
    SocialEvent::PartyState { party: id, members: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u8) -> Person {
        Person { id: CharacterId([number; 16]), name: format!("P{number}") }
    }

    fn party_of(count: u8) -> Parties {
        let mut parties = Parties::default();
        for guest in 2..=count {
            parties.invite(&person(1), &person(guest), 0).unwrap();
            parties.answer(&person(guest), 1, true).unwrap();
        }
        parties
    }

    fn names(event: &SocialEvent) -> Vec<&str> {
        match event {
            SocialEvent::PartyState { members, .. } => members.iter().map(|member| member.name.as_str()).collect(),
            other => panic!("{other:?} is no party state"),
        }
    }

    #[test]
    fn all_members_hear_who_joined_the_leader_first() {
        let mut parties = party_of(2);
        parties.invite(&person(2), &person(3), 0).unwrap();
        let heard = parties.answer(&person(3), 1, true).unwrap();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|delivery| names(&delivery.event) == ["P1", "P2", "P3"]));
    }

    #[test]
    fn a_party_has_five_members() {
        let mut parties = party_of(5);
        assert_eq!(parties.invite(&person(1), &person(6), 0), Err(Failure::PartyFull));
        let mut parties = party_of(4);
        parties.invite(&person(1), &person(5), 0).unwrap();
        parties.invite(&person(1), &person(6), 0).unwrap();
        parties.answer(&person(5), 1, true).unwrap();
        assert_eq!(parties.answer(&person(6), 1, true), Err(Failure::PartyFull), "the last place was taken meanwhile");
    }

    #[test]
    fn commands_that_make_no_sense_are_named() {
        let mut parties = party_of(2);
        assert_eq!(parties.answer(&person(3), 1, true), Err(Failure::NoInvitation));
        assert_eq!(parties.answer(&person(3), 9, true), Err(Failure::NoInvitation));
        assert_eq!(parties.invite(&person(3), &person(2), 0), Err(Failure::AlreadyInParty));
        assert_eq!(parties.invite(&person(3), &person(3), 0), Err(Failure::AlreadyInParty));
        assert_eq!(parties.leave(person(3).id), Err(Failure::NotInParty));
        assert_eq!(parties.chat(&person(3), "hi"), Err(Failure::NotInParty));
    }

    #[test]
    fn the_next_in_line_leads_and_the_last_one_is_alone() {
        let mut parties = party_of(3);
        let heard = parties.leave(person(1).id).unwrap();
        assert_eq!(names(&heard[0].event), Vec::<&str>::new(), "who leaves has no party");
        assert_eq!(names(&heard[1].event), ["P2", "P3"]);
        let heard = parties.leave(person(2).id).unwrap();
        assert_eq!(heard.len(), 2);
        assert!(names(&heard[1].event).is_empty(), "a party of one is dissolved");
        assert_eq!(parties.leave(person(3).id), Err(Failure::NotInParty));
    }

    #[test]
    fn declining_the_only_invitation_dissolves_a_party_of_one() {
        let mut parties = Parties::default();
        parties.invite(&person(1), &person(2), 0).unwrap();
        let heard = parties.answer(&person(2), 1, false).unwrap();
        assert_eq!(heard, [Delivery { to: person(1).id, event: no_party(1) }]);
    }

    #[test]
    fn who_was_asked_a_moment_ago_is_not_asked_again() {
        let mut parties = Parties::default();
        parties.invite(&person(1), &person(2), 1_000).unwrap();
        let again = parties.invite(&person(1), &person(2), 1_000 + INVITE_AGAIN_MS - 1);
        assert_eq!(again, Err(Failure::AlreadyAsked));
        assert_eq!(parties.invite(&person(1), &person(2), 1_000 + INVITE_AGAIN_MS).unwrap()[0].to, person(2).id);
        assert_eq!(parties.invite(&person(1), &person(2), 2_000 + INVITE_AGAIN_MS), Err(Failure::AlreadyAsked));
        parties.answer(&person(2), 1, true).unwrap();
        assert_eq!(parties.invite(&person(1), &person(2), 3_000), Err(Failure::AlreadyInParty));
    }

    #[test]
    fn an_invitation_ends_with_its_party() {
        let mut parties = Parties::default();
        parties.invite(&person(1), &person(2), 0).unwrap();
        parties.leave(person(1).id).unwrap();
        assert_eq!(parties.answer(&person(2), 1, true), Err(Failure::NoInvitation), "nobody would be there");
    }

    #[test]
    fn who_is_away_keeps_its_place_for_a_while() {
        let mut parties = party_of(3);
        let heard = parties.away(person(2).id, 1_000);
        assert_eq!(heard.len(), 2, "only who is there hears it");
        assert!(parties.forget_the_long_gone(1_000 + KEEP_AWAY_MS - 1).is_empty());
        assert_eq!(names(&parties.returned(person(2).id)[0].event), ["P1", "P2", "P3"]);
        parties.away(person(2).id, 5_000);
        let heard = parties.forget_the_long_gone(5_000 + KEEP_AWAY_MS);
        assert_eq!(names(&heard[1].event), ["P1", "P3"]);
    }
}
