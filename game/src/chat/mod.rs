//! Chat: to the channel, to one other player (whisper), and to the party; by an administrator to everybody; by users who are
//! not in the world to a map.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::channel::ChannelKey;
use realmgate_engine::clock::TickClock;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Player, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{FromMap, SocialCommand, SocialEvent};
use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::text::fault_of_line;

use crate::data::Data;
use crate::ignore::Ears;
use crate::requests::{Request, RequestSet};
use crate::session::Session;
use crate::social::SocialAsked;
use crate::tell::{CausedBy, Tell};

/// An administrator has muted the player.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
struct Muted {
    /// The first tick in which the player may chat again.
    until: Tick,
}

/// Adds chat.
pub struct ChatPlugin;

impl Plugin for ChatPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, (mute, speak, hear).chain().in_set(RequestSet::Chat));
    }
}

fn speak(
    mut requests: PopulatedMessageReader<Request>,
    (clock, data): (Res<TickClock>, Res<Data>),
    mut speakers: Query<(&Player, &mut Session, Option<&Muted>)>,
    mut asked: MessageWriter<SocialAsked>,
    (key, port): (Res<ChannelKey>, Res<PersistPort>),
    ears: Ears<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let (ClientMessage::Chat { text } | ClientMessage::Whisper { text, .. } | ClientMessage::PartyChat { text }) =
            message
        else {
            continue;
        };
        let Ok((speaker, mut session, muted)) = speakers.get_mut(*player) else { continue };
        if muted.is_some_and(|muted| clock.now() < muted.until) {
            tell.refuse(*player, request, Refusal::Muted);
            continue;
        }
        if fault_of_line(text, MAX_CHAT_BYTES).is_some() {
            tell.refuse(*player, request, Refusal::BadText);
            continue;
        }
        if !session.may_chat(&data, &clock) {
            session.refuse_limited(*player, request.into(), &clock, &mut tell);
            continue;
        }
        metrics::counter!("realmgate_chat_messages_total").increment(1);
        match message {
            ClientMessage::Whisper { to, text } => {
                let command = SocialCommand::Whisper { to: to.clone(), text: text.clone() };
                asked.write(SocialAsked { player: *player, asked: request.into(), command });
            }
            ClientMessage::PartyChat { text } => {
                let command = SocialCommand::PartyChat { text: text.clone() };
                asked.write(SocialAsked { player: *player, asked: request.into(), command });
            }
            _ => {
                if !port.is_away() {
                    let command = SocialCommand::MapChat { map: key.map, text: text.clone() };
                    tell.sidecar(FromMap::Social { character: speaker.character, command });
                }
                let listeners = ears.in_channel(&speaker.name);
                let (from, text) = (speaker.name.clone(), text.clone());
                let said = ServerMessage::Chat { scope: ChatScope::Channel, from, text };
                tell.send_each(listeners.map(|listener| (listener, CausedBy::Another)), &said);
            }
        }
    }
}

fn mute(mut heard: PopulatedMessageReader<SocialHeard>, clock: Res<TickClock>, mut commands: Commands) {
    for SocialHeard { player, event } in heard.read() {
        if let SocialEvent::Muted { for_s } = event {
            let until = clock.now().after(for_s.saturating_mul(clock.tick_hz()));
            commands.entity(*player).insert(Muted { until });
        }
    }
}

fn hear(mut heard: PopulatedMessageReader<SocialHeard>, ears: Ears<'_, '_>, mut tell: Tell<'_, '_>) {
    for SocialHeard { player, event } in heard.read() {
        let (scope, from, text) = match event.clone() {
            SocialEvent::Whisper { from, text } => (ChatScope::Whisper, from, text),
            SocialEvent::PartyChat { from, text } => (ChatScope::Party, from, text),
            SocialEvent::MapChat { from, text } => (ChatScope::Channel, from, text),
            SocialEvent::WhisperSent { to, text } => {
                tell.send(*player, &ServerMessage::WhisperSent { to, text });
                continue;
            }
            SocialEvent::Announced { text } => {
                let (scope, from) = (ChatScope::Realm, String::new());
                tell.send(*player, &ServerMessage::Chat { scope, from, text });
                continue;
            }
            _ => continue,
        };
        if ears.hears(*player, &from) {
            tell.send_of_others(*player, &ServerMessage::Chat { scope, from, text });
        }
    }
}
