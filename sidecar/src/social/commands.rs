//! Handles each happening.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{LeaveReason, SocialCommand, SocialEvent, ToMap};
use realmgate_protocol::text::fault_of_line;

use super::Happening;
use super::book::Outcome;
use super::parties::{Delivery, Failure, Parties, Person};
use super::presence::{online_by_name, servers_of, speaker};
use crate::error::Error;
use crate::link::reach;
use crate::state::AppState;

/// The code of a command that cannot be done now, through no fault of the player.
const AWAY: &str = "OVERLOADED";

/// Handles a happening. If that fails for a command, its speaker is told.
pub(super) async fn work_off(state: &AppState, happening: Happening) {
    let done = match &happening {
        Happening::Arrived(character) => arrived(state, *character).await,
        Happening::Left(character, reason) => left(state, *character, *reason).await,
        Happening::Asked { server, speaker, command } => answer(state, server, *speaker, command).await,
    };
    let Err(error) = done else { return };
    tracing::debug!(%error, ?happening, "something social could not be done");
    if let Happening::Asked { server, speaker, .. } = happening {
        let event = SocialEvent::Failed { code: AWAY.to_owned() };
        // The map server has just asked over its link; if the link is gone since, nobody is left to tell.
        let _ = reach::tell(state, &server, ToMap::Social { character: speaker, event }).await;
    }
}

async fn arrived(state: &AppState, character: CharacterId) -> Result<(), Error> {
    let returned = &mut |parties: &mut Parties| Ok(parties.returned(character));
    let outcome = state.social.parties.change(returned).await?;
    deliver(state, outcome.unwrap_or_default()).await
}

async fn left(state: &AppState, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
    let now_ms = state.db_time.now_ms();
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
    let outcome = state.social.parties.change(rule).await?;
    deliver(state, outcome.unwrap_or_default()).await
}

async fn answer(
    state: &AppState,
    server: &ServerId,
    character: CharacterId,
    command: &SocialCommand,
) -> Result<(), Error> {
    let Some(speaker) = speaker(state, server, character).await? else {
        tracing::debug!(%character, %server, "a social command for a character that is not there");
        return Ok(());
    };
    metrics::counter!("realmgate_social_commands_total", "kind" => command.name()).increment(1);
    let failed = |failure: Failure| {
        vec![Delivery { to: character, event: SocialEvent::Failed { code: failure.code().to_owned() } }]
    };
    let outcome = obey(state, &speaker, command).await?;
    deliver(state, outcome.unwrap_or_else(failed)).await
}

async fn obey(state: &AppState, speaker: &Person, command: &SocialCommand) -> Result<Outcome, Error> {
    let parties = &state.social.parties;
    match command {
        SocialCommand::Whisper { to, text } => whisper(state, speaker, to, text).await,
        SocialCommand::PartyInvite { to } => {
            let Some(guest) = online_by_name(state, to).await? else { return Ok(Err(Failure::NotOnline)) };
            let now_ms = state.db_time.now_ms();
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

async fn whisper(state: &AppState, speaker: &Person, to: &str, text: &str) -> Result<Outcome, Error> {
    if let Err(failure) = check_text(text) {
        return Ok(Err(failure));
    }
    let Some(listener) = online_by_name(state, to).await? else { return Ok(Err(Failure::NotOnline)) };
    let heard = SocialEvent::Whisper { from: speaker.name.clone(), text: text.to_owned() };
    let sent = SocialEvent::WhisperSent { to: listener.name, text: text.to_owned() };
    Ok(Ok(vec![Delivery { to: listener.id, event: heard }, Delivery { to: speaker.id, event: sent }]))
}

fn check_text(text: &str) -> Result<(), Failure> {
    if fault_of_line(text, MAX_CHAT_BYTES).is_none() { Ok(()) } else { Err(Failure::BadText) }
}

/// Sends each event to the map server that its character is on, in order. Events for a character that is on none are
/// dropped.
pub(super) async fn deliver(state: &AppState, deliveries: Vec<Delivery>) -> Result<(), Error> {
    let mut by_listener = BTreeMap::<CharacterId, Vec<SocialEvent>>::new();
    for Delivery { to, event } in deliveries {
        by_listener.entry(to).or_default().push(event);
    }
    if by_listener.is_empty() {
        return Ok(());
    }
    let listeners: Vec<CharacterId> = by_listener.keys().copied().collect();
    let servers = servers_of(state, &listeners).await?;
    let telling = by_listener.into_iter().map(|(listener, events)| {
        let server = servers.get(&listener);
        async move {
            for event in events {
                tell(state, listener, server, event).await;
            }
        }
    });
    join_all(telling).await;
    Ok(())
}

async fn tell(state: &AppState, listener: CharacterId, server: Option<&ServerId>, event: SocialEvent) {
    let message = ToMap::Social { character: listener, event };
    let told = match server {
        Some(server) => reach::tell(state, server, message).await.is_ok(),
        None => false,
    };
    if !told {
        metrics::counter!("realmgate_social_events_undelivered_total").increment(1);
    }
}
