//! What users ask over realtime sockets, with or without a character in a world.

use realmgate_community::{SocialAsk, SocialPush, SocialRefusal, Topic};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{AccountId, MapId};
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{SocialEvent, ToMap};
use realmgate_protocol::text::{TextFault, fault_of_line};
use serde_json::{Value, json};

use super::book::Outcome;
use super::parties::{Delivery, Failure, Parties, Person};
use super::users::{Named, Place, Speaker};
use super::{PartyService, shown};

/// What an ask leads to.
pub(super) type Answer<T> = Result<T, SocialRefusal>;

impl From<Failure> for SocialRefusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::PartyFull => Self::PartyFull,
            Failure::AlreadyInParty => Self::AlreadyInParty,
            Failure::NoInvitation => Self::NoInvitation,
            Failure::NotInParty => Self::NotInParty,
            Failure::AlreadyAsked => Self::AlreadyAsked,
        }
    }
}

/// Why a text is refused, if it is.
pub(super) fn check_text(text: &str) -> Answer<()> {
    match fault_of_line(text, MAX_CHAT_BYTES) {
        None => Ok(()),
        Some(TextFault::TooLong) => Err(SocialRefusal::TooLong),
        Some(TextFault::Blank) => Err(SocialRefusal::Empty),
        Some(_) => Err(SocialRefusal::BadText),
    }
}

/// The text that others would see.
fn text_of(push: &SocialPush) -> Option<&str> {
    match push {
        SocialPush::Whisper { text, .. } | SocialPush::MapChat { text, .. } | SocialPush::PartyChat { text } => {
            Some(text)
        }
        SocialPush::PartyInvite { .. } | SocialPush::PartyAnswer { .. } | SocialPush::PartyLeave => None,
    }
}

impl PartyService {
    /// Carries out what a user asks over a realtime socket. Returns what the reply says.
    ///
    /// # Errors
    /// When the database or the parties cannot be asked.
    pub(crate) async fn ask(&self, account: AccountId, ask: SocialAsk) -> Result<Answer<Value>, Error> {
        let Some(user) = self.audience.find(account).await? else { return Ok(Err(SocialRefusal::NotFound)) };
        if let Some(text) = text_of(&ask.push) {
            if user.muted_until_ms > self.time.now_ms() {
                return Ok(Err(SocialRefusal::Muted));
            }
            if let Err(refusal) = check_text(text) {
                return Ok(Err(refusal));
            }
        }
        let reaches_others = text_of(&ask.push).is_some() || matches!(ask.push, SocialPush::PartyInvite { .. });
        if reaches_others && let Err(error) = self.limits.chat.message(account).await {
            return if error.code == ErrorCode::RateLimited { Ok(Err(SocialRefusal::RateLimited)) } else { Err(error) };
        }
        let for_party = !matches!(ask.push, SocialPush::Whisper { .. } | SocialPush::MapChat { .. });
        let speaker = match self.speaker_of(&user, ask.character, for_party).await? {
            Ok(speaker) => speaker,
            Err(refusal) => return Ok(Err(refusal)),
        };
        metrics::counter!("realmgate_social_pushes_total").increment(1);
        match ask.push {
            SocialPush::Whisper { to, text } => {
                let sent = self.whisper(&speaker, &to, &text, true).await?;
                Ok(sent.map(|to| json!({"to": to})))
            }
            SocialPush::MapChat { map, text } => {
                self.chat_on_map(&speaker, MapId(map), &text).await?;
                Ok(Ok(json!({})))
            }
            push => self.ask_of_party(&speaker, push).await,
        }
    }

    async fn ask_of_party(&self, speaker: &Speaker, push: SocialPush) -> Result<Answer<Value>, Error> {
        let Some(person) = &speaker.person else { return Ok(Err(SocialRefusal::NoCharacter)) };
        let parties = &self.parties;
        let outcome = match push {
            SocialPush::PartyInvite { to } => match self.invite(speaker, person, &to, true).await? {
                Ok(outcome) => outcome,
                Err(refusal) => return Ok(Err(refusal)),
            },
            SocialPush::PartyAnswer { party, accept } => {
                parties.change(&mut |parties| parties.answer(person, party, accept)).await?
            }
            SocialPush::PartyLeave => parties.change(&mut |parties| parties.leave(person.id)).await?,
            SocialPush::PartyChat { text } => parties.change(&mut |parties| parties.chat(person, &text)).await?,
            SocialPush::Whisper { .. } | SocialPush::MapChat { .. } => Ok(Vec::new()),
        };
        match outcome {
            Ok(deliveries) => {
                self.deliver_from(Some(speaker), deliveries).await?;
                Ok(Ok(json!({})))
            }
            Err(failure) => Ok(Err(failure.into())),
        }
    }

    /// Sends a private message to a user, in the world or at its sockets. Returns the receiver's name. A user who ignores the
    /// speaker's name does not receive it, and the speaker gets no sign of that. `shows_blocks`: whether a block between both
    /// users is shown to the speaker.
    pub(super) async fn whisper(
        &self,
        speaker: &Speaker,
        to: &str,
        text: &str,
        shows_blocks: bool,
    ) -> Result<Answer<String>, Error> {
        let (named, place) = match self.reach(to).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let name = place.in_world.as_ref().map_or(named.name, |person| person.name.clone());
        if self.is_blocked(speaker.account, named.account).await? {
            return Ok(if shows_blocks { Err(SocialRefusal::Ignored) } else { Ok(name) });
        }
        if place.on_socket && self.hears(named.account, speaker).await? {
            let payload = shown::whisper(speaker, text, self.time.now_ms());
            self.events.tell(Topic::User(named.account), "whisper", &payload);
        }
        if let Some(person) = place.in_world {
            let event = SocialEvent::Whisper { from: speaker.name.clone(), text: text.to_owned() };
            self.deliver(vec![Delivery { to: person.id, event }]).await?;
        }
        Ok(Ok(name))
    }

    /// Invites a user to the speaker's party.
    pub(super) async fn invite(
        &self,
        speaker: &Speaker,
        host: &Person,
        to: &str,
        shows_blocks: bool,
    ) -> Result<Answer<Outcome>, Error> {
        let (named, place) = match self.reach(to).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.is_blocked(speaker.account, named.account).await? {
            return Ok(Err(if shows_blocks { SocialRefusal::Ignored } else { SocialRefusal::NotFound }));
        }
        let Some(guest) = self.guest(named, place).await? else { return Ok(Err(SocialRefusal::NotFound)) };
        let now_ms = self.time.now_ms();
        let invite = &mut |parties: &mut Parties| parties.invite(host, &guest, now_ms);
        Ok(Ok(self.parties.change(invite).await?))
    }

    /// The character that is invited: the one in the world, the one that was named, or the user's.
    async fn guest(&self, named: Named, place: Place) -> Result<Option<Person>, Error> {
        if let Some(person) = place.in_world.or(named.person) {
            return Ok(Some(person));
        }
        let Some(user) = self.audience.find(named.account).await? else { return Ok(None) };
        let speaker = self.speaker_of(&user, None, true).await?;
        Ok(speaker.ok().and_then(|speaker| speaker.person))
    }

    async fn reach(&self, to: &str) -> Result<Answer<(Named, Place)>, Error> {
        let named = match self.named(to).await? {
            Ok(named) => named,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let place = self.place_of(&named).await?;
        Ok(place.map(|place| (named, place)).ok_or(SocialRefusal::NotFound))
    }

    /// Shows a text of a user to every player on a map, in all its channels, and to the users who follow its chat.
    async fn chat_on_map(&self, speaker: &Speaker, map: MapId, text: &str) -> Result<(), Error> {
        self.events.tell(Topic::Map(map.0), "chat", &shown::map_chat(speaker, map.0, text));
        for server in self.registry.servers().await? {
            let has_map = server.link.as_ref().is_some_and(|link| link.maps.contains(&map));
            if has_map {
                let message = ToMap::MapChat { map, from: speaker.name.clone(), text: text.to_owned() };
                self.map_servers.tell_soon(&server.id, message);
            }
        }
        Ok(())
    }

    /// Shows a text of a player in the world to the users who follow the chat of its map.
    pub(super) fn said_on_map(&self, speaker: &Speaker, map: MapId, text: &str) {
        self.events.tell(Topic::Map(map.0), "chat", &shown::map_chat(speaker, map.0, text));
    }
}
