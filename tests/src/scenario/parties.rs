//! Whispers and parties, as far as scenes need them.

use std::collections::BTreeMap;

use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{PartyMember, SocialCommand, SocialEvent};

/// What somebody hears.
pub(super) type Delivery = (CharacterId, SocialEvent);

/// Who is there, who is invited where, and who is in which party.
#[derive(Debug, Default)]
pub(super) struct Parties {
    online: BTreeMap<CharacterId, String>,
    invited: BTreeMap<CharacterId, u64>,
    parties: BTreeMap<u64, Vec<CharacterId>>,
    last: u64,
}

impl Parties {
    pub fn arrived(&mut self, character: CharacterId, name: &str) -> Vec<Delivery> {
        self.online.insert(character, name.to_owned());
        self.party_of(character).map(|party| self.tell(party)).unwrap_or_default()
    }

    pub fn left(&mut self, character: CharacterId) {
        self.online.remove(&character);
    }

    /// Does what a player asks; says no with a code.
    pub fn command(&mut self, from: CharacterId, command: SocialCommand) -> Vec<Delivery> {
        let done = match command {
            SocialCommand::Whisper { to, text } => self.whisper(from, &to, text),
            SocialCommand::PartyInvite { to } => self.invite(from, &to),
            SocialCommand::PartyAnswer { party, accept } => self.answer(from, party, accept),
            SocialCommand::PartyLeave => self.leave(from),
            SocialCommand::PartyChat { text } => self.chat(from, &text),
            // A scene has no users outside of the world.
            SocialCommand::MapChat { .. } => Ok(Vec::new()),
        };
        done.unwrap_or_else(|code| vec![(from, SocialEvent::Failed { code: code.to_owned() })])
    }

    fn named(&self, name: &str) -> Result<CharacterId, &'static str> {
        let found = self.online.iter().find(|(_, known)| known.as_str() == name);
        found.map(|(character, _)| *character).ok_or("NOT_ONLINE")
    }

    fn name(&self, character: CharacterId) -> String {
        self.online.get(&character).cloned().unwrap_or_default()
    }

    fn party_of(&self, character: CharacterId) -> Option<u64> {
        self.parties.iter().find(|(_, members)| members.contains(&character)).map(|(party, _)| *party)
    }

    fn whisper(&self, from: CharacterId, to: &str, text: String) -> Result<Vec<Delivery>, &'static str> {
        let listener = self.named(to)?;
        let heard = SocialEvent::Whisper { from: self.name(from), text: text.clone() };
        Ok(vec![(listener, heard), (from, SocialEvent::WhisperSent { to: to.to_owned(), text })])
    }

    fn invite(&mut self, from: CharacterId, to: &str) -> Result<Vec<Delivery>, &'static str> {
        let guest = self.named(to)?;
        if self.party_of(guest).is_some() {
            return Err("ALREADY_IN_PARTY");
        }
        let party = self.party_of(from).unwrap_or_else(|| {
            self.last += 1;
            self.parties.insert(self.last, vec![from]);
            self.last
        });
        self.invited.insert(guest, party);
        Ok(vec![(guest, SocialEvent::PartyInvited { party, from: self.name(from) })])
    }

    fn answer(&mut self, guest: CharacterId, party: u64, accept: bool) -> Result<Vec<Delivery>, &'static str> {
        if self.invited.remove(&guest) != Some(party) {
            return Err("NO_INVITATION");
        }
        if accept {
            self.parties.entry(party).or_default().push(guest);
        }
        Ok(self.tell(party))
    }

    fn leave(&mut self, character: CharacterId) -> Result<Vec<Delivery>, &'static str> {
        let party = self.party_of(character).ok_or("NOT_IN_PARTY")?;
        let members = self.parties.entry(party).or_default();
        members.retain(|member| *member != character);
        let mut told = self.tell(party);
        told.push((character, SocialEvent::PartyState { party, members: Vec::new() }));
        Ok(told)
    }

    fn chat(&self, from: CharacterId, text: &str) -> Result<Vec<Delivery>, &'static str> {
        let party = self.party_of(from).ok_or("NOT_IN_PARTY")?;
        let said = SocialEvent::PartyChat { from: self.name(from), text: text.to_owned() };
        Ok(self.parties[&party].iter().map(|member| (*member, said.clone())).collect())
    }

    fn tell(&self, party: u64) -> Vec<Delivery> {
        let members = self.parties.get(&party).map_or(&[][..], Vec::as_slice);
        let view = |member: &CharacterId| PartyMember {
            character: *member,
            name: self.name(*member),
            online: self.online.contains_key(member),
        };
        let state = SocialEvent::PartyState { party, members: members.iter().map(view).collect() };
        members.iter().map(|member| (*member, state.clone())).collect()
    }
}
