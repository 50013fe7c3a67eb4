//! Does what players ask of parties and whispers: finds whom it reaches, or refuses it.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{LeaveReason, SocialCommand, SocialEvent, ToMap};
use realmgate_protocol::text::fault_of_line;

use super::book::Outcome;
use super::parties::{Delivery, Failure, Parties, Person};
use super::{Happening, PartyService};

/// The code of a command that cannot be done now, through no fault of the player.
const AWAY: &str = "OVERLOADED";

impl PartyService {
    /// Handles a happening. If that fails for a command, its speaker is told.
    pub(super) async fn work_off(&self, happening: Happening) {
        let done = match &happening {
            Happening::Arrived(character) => self.arrived(*character).await,
            Happening::Left(character, reason) => self.left(*character, *reason).await,
            Happening::Muted(account) => self.mute_changed(*account).await,
            Happening::Asked { server, speaker, command } => self.answer(server, *speaker, command).await,
        };
        let Err(error) = done else { return };
        tracing::debug!(%error, ?happening, "handling a party or chat event failed");
        if let Happening::Asked { server, speaker, .. } = happening {
            let event = SocialEvent::Failed { code: AWAY.to_owned() };
            // The map server has just asked over its link; if the link is gone since, nobody is left to tell.
            let _ = self.map_servers.tell(&server, ToMap::Social { character: speaker, event }).await;
        }
    }

    async fn arrived(&self, character: CharacterId) -> Result<(), Error> {
        let returned = &mut |parties: &mut Parties| Ok(parties.returned(character));
        // Without parties, who is muted stays so.
        let (outcome, muted) = (self.parties.change(returned).await, self.mute_of_newcomer(character).await);
        muted?;
        self.deliver(outcome?.unwrap_or_default()).await
    }

    async fn left(&self, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
        let now_ms = self.time.now_ms();
        let rule = &mut |parties: &mut Parties| {
            Ok(match reason {
                LeaveReason::Logout | LeaveReason::Kicked | LeaveReason::Abuse => parties.gone(character),
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
        let Some(speaker) = self.speaker(server, character).await? else {
            tracing::debug!(%character, %server, "social command of a character that is not on this server");
            return Ok(());
        };
        metrics::counter!("realmgate_social_commands_total", "kind" => command.name()).increment(1);
        let failed = |failure: Failure| {
            vec![Delivery { to: character, event: SocialEvent::Failed { code: failure.code().to_owned() } }]
        };
        let outcome = self.obey(&speaker, command).await?;
        self.deliver(outcome.unwrap_or_else(failed)).await
    }

    async fn obey(&self, speaker: &Person, command: &SocialCommand) -> Result<Outcome, Error> {
        let parties = &self.parties;
        match command {
            SocialCommand::Whisper { to, text } => self.whisper(speaker, to, text).await,
            SocialCommand::PartyInvite { to } => {
                let Some(guest) = self.online_by_name(to).await? else { return Ok(Err(Failure::NotOnline)) };
                let now_ms = self.time.now_ms();
                parties.change(&mut |parties| parties.invite(speaker, &guest, now_ms)).await
            }
            SocialCommand::PartyAnswer { party, accept } => {
                parties.change(&mut |parties| parties.answer(speaker, *party, *accept)).await
            }
            SocialCommand::PartyLeave => parties.change(&mut |parties| parties.leave(speaker.id)).await,
            SocialCommand::PartyChat { text } => match check_text(text) {
                Ok(()) => parties.change(&mut |parties| parties.chat(speaker, text)).await,
                Err(failure) => Ok(Err(failure)),
            },
        }
    }

    async fn whisper(&self, speaker: &Person, to: &str, text: &str) -> Result<Outcome, Error> {
        if let Err(failure) = check_text(text) {
            return Ok(Err(failure));
        }
        let Some(listener) = self.online_by_name(to).await? else { return Ok(Err(Failure::NotOnline)) };
        let heard = SocialEvent::Whisper { from: speaker.name.clone(), text: text.to_owned() };
        let sent = SocialEvent::WhisperSent { to: listener.name, text: text.to_owned() };
        Ok(Ok(vec![Delivery { to: listener.id, event: heard }, Delivery { to: speaker.id, event: sent }]))
    }

    /// Sends each event to the map server that its character is on, in order. Events for a character that is on none
    /// are dropped.
    pub(super) async fn deliver(&self, deliveries: Vec<Delivery>) -> Result<(), Error> {
        let mut by_listener = BTreeMap::<CharacterId, Vec<SocialEvent>>::new();
        for Delivery { to, event } in deliveries {
            by_listener.entry(to).or_default().push(event);
        }
        if by_listener.is_empty() {
            return Ok(());
        }
        let listeners: Vec<CharacterId> = by_listener.keys().copied().collect();
        let servers = self.servers_of(&listeners).await?;
        let telling = by_listener.into_iter().map(|(listener, events)| {
            let server = servers.get(&listener);
            async move {
                for event in events {
                    self.tell(listener, server, event).await;
                }
            }
        });
        join_all(telling).await;
        Ok(())
    }

    async fn tell(&self, listener: CharacterId, server: Option<&ServerId>, event: SocialEvent) {
        let message = ToMap::Social { character: listener, event };
        let told = match server {
            Some(server) => self.map_servers.tell(server, message).await.is_ok(),
            None => false,
        };
        if !told {
            metrics::counter!("realmgate_social_events_undelivered_total").increment(1);
        }
    }
}

fn check_text(text: &str) -> Result<(), Failure> {
    if fault_of_line(text, MAX_CHAT_BYTES).is_none() { Ok(()) } else { Err(Failure::BadText) }
}
