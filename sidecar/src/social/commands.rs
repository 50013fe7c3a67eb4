//! Carries out the party commands and whispers of players in the world, or refuses them.

use realmgate_community::{SocialRefusal, Topic};
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::link::{LeaveReason, SocialCommand, SocialEvent, ToMap};

use super::asks::{Answer, check_text};
use super::parties::{Delivery, Parties};
use super::users::Speaker;
use super::{Happening, PartyService};

/// The code of a command that cannot be done now, through no fault of the player.
const UNAVAILABLE: &str = "OVERLOADED";

impl PartyService {
    /// Handles a happening. If that fails for a command, its speaker receives a failure.
    pub(super) async fn work_off(&self, happening: Happening) {
        let done = match &happening {
            Happening::Arrived(character) => self.arrived(*character).await,
            Happening::Left(character, reason) => self.left(*character, *reason).await,
            Happening::Reached(account) => self.reached(*account).await,
            Happening::Muted(account) => self.mute_changed(*account).await,
            Happening::Asked { server, speaker, command } => self.answer(server, *speaker, command).await,
        };
        let Err(error) = done else { return };
        tracing::debug!(%error, ?happening, "handling a party or chat event failed");
        if let Happening::Asked { server, speaker, .. } = happening {
            let event = SocialEvent::Failed { code: UNAVAILABLE.to_owned() };
            // The map server has just sent the command over its link. If the link is lost since, the failure has no receiver.
            let _ = self.map_servers.tell(&server, ToMap::Social { character: speaker, event }).await;
        }
    }

    async fn arrived(&self, character: CharacterId) -> Result<(), Error> {
        let returned = &mut |parties: &mut Parties| Ok(parties.returned(character));
        // A mute applies also while parties are unavailable.
        let (outcome, muted) = (self.parties.change(returned).await, self.mute_of_newcomer(character).await);
        muted?;
        self.deliver(outcome?.unwrap_or_default()).await
    }

    async fn left(&self, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
        let now_ms = self.time.now_ms();
        let found = self.locks.find(character).await?;
        let on_socket = match found {
            Some(found) => self.is_on_socket(found.account).await?,
            None => false,
        };
        let rule = &mut |parties: &mut Parties| {
            Ok(match reason {
                LeaveReason::Kicked | LeaveReason::Abuse => parties.gone(character),
                // Its user is at a realtime socket, and stays a member.
                _ if on_socket => parties.returned(character),
                LeaveReason::Logout => parties.gone(character),
                LeaveReason::ConnectionLost
                | LeaveReason::Replaced
                | LeaveReason::ServerClosing
                | LeaveReason::ChannelFailed
                | LeaveReason::StoreAway
                | LeaveReason::MovedOn => parties.away(character, now_ms),
            })
        };
        let outcome = self.parties.change(rule).await?;
        self.deliver(outcome.unwrap_or_default()).await
    }

    async fn answer(&self, server: &ServerId, character: CharacterId, command: &SocialCommand) -> Result<(), Error> {
        if let SocialCommand::MapChat { map, .. } = command
            && !self.events.may_reach(Topic::Map(map.0))
        {
            // No user follows the chat: most lines end here.
            return Ok(());
        }
        let Some(speaker) = self.speaker(server, character).await? else {
            tracing::debug!(%character, %server, "social command of a character that is not on this server");
            return Ok(());
        };
        metrics::counter!("realmgate_social_commands_total", "kind" => command.name()).increment(1);
        if matches!(
            command,
            SocialCommand::Whisper { .. } | SocialCommand::PartyChat { .. } | SocialCommand::MapChat { .. }
        ) {
            // The map server limits these. They count for what the player sends over a realtime socket.
            let _ = self.limits.chat.message(speaker.account).await;
        }
        match self.obey(&speaker, character, command).await? {
            Ok(deliveries) => self.deliver_from(Some(&speaker), deliveries).await,
            Err(refusal) => {
                let event = SocialEvent::Failed { code: code(refusal).to_owned() };
                self.deliver(vec![Delivery { to: character, event }]).await
            }
        }
    }

    async fn obey(
        &self,
        speaker: &Speaker,
        character: CharacterId,
        command: &SocialCommand,
    ) -> Result<Answer<Vec<Delivery>>, Error> {
        let Some(person) = &speaker.person else { return Ok(Err(SocialRefusal::NoCharacter)) };
        let parties = &self.parties;
        let outcome = match command {
            SocialCommand::Whisper { to, text } => {
                if let Err(refusal) = check_text(text) {
                    return Ok(Err(refusal));
                }
                let sent = self.whisper(speaker, to, text, false).await?;
                return Ok(sent.map(|to| {
                    let event = SocialEvent::WhisperSent { to, text: text.clone() };
                    vec![Delivery { to: character, event }]
                }));
            }
            SocialCommand::PartyInvite { to } => match self.invite(speaker, person, to, false).await? {
                Ok(outcome) => outcome,
                Err(refusal) => return Ok(Err(refusal)),
            },
            SocialCommand::PartyAnswer { party, accept } => {
                parties.change(&mut |parties| parties.answer(person, *party, *accept)).await?
            }
            SocialCommand::PartyLeave => parties.change(&mut |parties| parties.leave(person.id)).await?,
            SocialCommand::PartyChat { text } => match check_text(text) {
                Ok(()) => parties.change(&mut |parties| parties.chat(person, text)).await?,
                Err(refusal) => return Ok(Err(refusal)),
            },
            SocialCommand::MapChat { map, text } => {
                // The players of the channel have received it, whatever becomes of it here.
                if check_text(text).is_ok() {
                    self.said_on_map(speaker, *map, text);
                }
                Ok(Vec::new())
            }
        };
        Ok(outcome.map_err(SocialRefusal::from))
    }
}

/// The code that a player in the world gets.
fn code(refusal: SocialRefusal) -> &'static str {
    match refusal {
        SocialRefusal::NotFound | SocialRefusal::Ambiguous | SocialRefusal::Ignored | SocialRefusal::NoCharacter => {
            "NOT_ONLINE"
        }
        SocialRefusal::PartyFull => "PARTY_FULL",
        SocialRefusal::AlreadyInParty => "ALREADY_IN_PARTY",
        SocialRefusal::NoInvitation => "NO_INVITATION",
        SocialRefusal::NotInParty => "NOT_IN_PARTY",
        SocialRefusal::AlreadyAsked => "ALREADY_ASKED",
        SocialRefusal::TooLong | SocialRefusal::Empty | SocialRefusal::BadText => "BAD_MESSAGE",
        SocialRefusal::Muted => "MUTED",
        SocialRefusal::RateLimited => "RATE_LIMITED",
    }
}
