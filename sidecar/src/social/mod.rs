//! Parties and whispers: what passes between players of different channels, maps and servers.

mod parties;
mod presence;

use std::sync::{Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{LeaveReason, SocialCommand, SocialEvent, ToMap};

use crate::error::Error;
use crate::link::Link;
use crate::service::characters::fold_name;
use crate::state::AppState;
use crate::store::locks::LockedCharacter;
use parties::{Delivery, Failure, Parties, Person};
use presence::Presence;

/// Longest character name that is looked up.
const MAX_NAME_BYTES: usize = 128;

/// Who is in which world, and in which party.
#[derive(Debug, Default)]
pub struct Social(Mutex<Circles>);

#[derive(Debug, Default)]
struct Circles {
    presence: Presence,
    parties: Parties,
}

impl Social {
    fn circles(&self) -> MutexGuard<'_, Circles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A character is in a world: its party hears of it.
pub(crate) fn arrived(state: &AppState, found: &LockedCharacter, server: &ServerId) {
    let deliveries = {
        let mut circles = state.link.social.circles();
        circles.presence.set(found.character, &found.name, server);
        circles.parties.returned(found.character)
    };
    deliver(state, deliveries);
}

/// A character is in no world any more. It keeps its place in the party for a while, unless it meant to go.
pub(crate) fn left(state: &AppState, character: CharacterId, reason: LeaveReason) {
    let deliveries = {
        let mut circles = state.link.social.circles();
        circles.presence.remove(character);
        match reason {
            LeaveReason::Logout | LeaveReason::Kicked | LeaveReason::Abuse => circles.parties.gone(character),
            LeaveReason::ConnectionLost
            | LeaveReason::Replaced
            | LeaveReason::ServerClosing
            | LeaveReason::ChannelFailed => circles.parties.away(character, state.clock.now_ms()),
        }
    };
    deliver(state, deliveries);
}

/// Gives up places of those who did not come back.
pub(crate) fn forget_the_long_gone(state: &AppState) {
    let deliveries = state.link.social.circles().parties.forget_the_long_gone(state.clock.now_ms());
    deliver(state, deliveries);
}

/// Does what a player asks. A map server may only speak for characters that are in its world.
pub(crate) async fn command(
    state: &AppState,
    link: &Link,
    character: CharacterId,
    command: SocialCommand,
) -> Result<(), Error> {
    let name = state.link.social.circles().presence.name_on(character, &link.server);
    let Some(name) = name else {
        tracing::debug!(%character, server = %link.server, "a social command for a character that is not there");
        return Ok(());
    };
    let speaker = Person { id: character, name };
    metrics::counter!("realmgate_social_commands_total", "kind" => command.name()).increment(1);
    let deliveries = match command {
        SocialCommand::Whisper { to, text } => whisper(state, &speaker, &to, text).await?,
        SocialCommand::PartyInvite { to } => invite(state, &speaker, &to).await?,
        SocialCommand::PartyAnswer { party, accept } => {
            state.link.social.circles().parties.answer(&speaker, party, accept)
        }
        SocialCommand::PartyLeave => state.link.social.circles().parties.leave(character),
        SocialCommand::PartyChat { text } => match check_text(&text) {
            Ok(()) => state.link.social.circles().parties.chat(&speaker, &text),
            Err(failure) => Err(failure),
        },
    };
    let failed = |failure: Failure| {
        vec![Delivery { to: character, event: SocialEvent::Failed { code: failure.code().to_owned() } }]
    };
    deliver(state, deliveries.unwrap_or_else(failed));
    Ok(())
}

async fn whisper(
    state: &AppState,
    speaker: &Person,
    to: &str,
    text: String,
) -> Result<Result<Vec<Delivery>, Failure>, Error> {
    if let Err(failure) = check_text(&text) {
        return Ok(Err(failure));
    }
    let Some(listener) = online_by_name(state, to).await? else { return Ok(Err(Failure::NotOnline)) };
    let heard = SocialEvent::Whisper { from: speaker.name.clone(), text: text.clone() };
    let sent = SocialEvent::WhisperSent { to: listener.name, text };
    Ok(Ok(vec![Delivery { to: listener.id, event: heard }, Delivery { to: speaker.id, event: sent }]))
}

async fn invite(state: &AppState, speaker: &Person, to: &str) -> Result<Result<Vec<Delivery>, Failure>, Error> {
    let Some(guest) = online_by_name(state, to).await? else { return Ok(Err(Failure::NotOnline)) };
    Ok(state.link.social.circles().parties.invite(speaker, &guest))
}

/// A character that is in a world, by its name in any case.
async fn online_by_name(state: &AppState, name: &str) -> Result<Option<Person>, Error> {
    if name.len() > MAX_NAME_BYTES {
        return Ok(None);
    }
    let Some(row) = state.store.characters.find_by_name(&fold_name(name)).await? else { return Ok(None) };
    let online = state.link.social.circles().presence.server_of(row.id).is_some();
    Ok(online.then_some(Person { id: row.id, name: row.name }))
}

fn check_text(text: &str) -> Result<(), Failure> {
    if (1..=MAX_CHAT_BYTES).contains(&text.len()) { Ok(()) } else { Err(Failure::BadText) }
}

/// Sends each event to the map server that its character is on; who is nowhere hears nothing.
fn deliver(state: &AppState, deliveries: Vec<Delivery>) {
    for Delivery { to, event } in deliveries {
        let server = state.link.social.circles().presence.server_of(to).cloned();
        let sent = server.map(|server| state.link.links.send(&server, ToMap::Social { character: to, event }));
        if !matches!(sent, Some(Ok(()))) {
            metrics::counter!("realmgate_social_events_undelivered_total").increment(1);
        }
    }
}
