//! Chat: to the channel, to one other player (whisper), and to the party.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{Player, PlayerJoined, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{SocialCommand, SocialEvent};
use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::text::fault_of_line;

use crate::data::Data;
use crate::ignore::Ears;
use crate::requests::{Request, RequestSet};
use crate::session::{Allowance, Rate};
use crate::social::SocialAsked;
use crate::tell::{CausedBy, Tell};

/// How many messages a player may still send.
#[derive(Component, Debug)]
struct Breath(Allowance);

/// Adds chat.
pub struct ChatPlugin;

impl Plugin for ChatPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, (draw_breath, speak, hear).chain().in_set(RequestSet::Chat));
    }
}

fn rate(data: &Data) -> Rate {
    Rate { burst: data.world.limits.chat_burst, every_ms: data.world.limits.chat_every_ms }
}

fn draw_breath(
    mut commands: Commands,
    mut joined: MessageReader<PlayerJoined>,
    clock: Res<TickClock>,
    data: Res<Data>,
) {
    for join in joined.read() {
        commands.entity(join.player).insert(Breath(Allowance::full(rate(&data), &clock)));
    }
}

fn speak(
    mut requests: MessageReader<Request>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut speakers: Query<(&Player, &mut Breath)>,
    mut asked: MessageWriter<SocialAsked>,
    ears: Ears<'_, '_>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message } in requests.read() {
        let (ClientMessage::Chat { text } | ClientMessage::Whisper { text, .. } | ClientMessage::PartyChat { text }) =
            message
        else {
            continue;
        };
        let Ok((speaker, mut breath)) = speakers.get_mut(*player) else { continue };
        if fault_of_line(text, MAX_CHAT_BYTES).is_some() {
            tell.refuse(*player, message, Refusal::BadText);
            continue;
        }
        if !breath.0.take(rate(&data), &clock) {
            tell.refuse(*player, message, Refusal::RateLimited);
            continue;
        }
        metrics::counter!("realmgate_chat_messages_total").increment(1);
        let request = message.into();
        match message {
            ClientMessage::Whisper { to, text } => {
                let command = SocialCommand::Whisper { to: to.clone(), text: text.clone() };
                asked.write(SocialAsked { player: *player, request, command });
            }
            ClientMessage::PartyChat { text } => {
                let command = SocialCommand::PartyChat { text: text.clone() };
                asked.write(SocialAsked { player: *player, request, command });
            }
            _ => {
                let listeners = ears.in_channel(&speaker.name);
                let (from, text) = (speaker.name.clone(), text.clone());
                let said = ServerMessage::Chat { scope: ChatScope::Channel, from, text };
                tell.send_each(listeners.map(|listener| (listener, CausedBy::Another)), &said);
            }
        }
    }
}

fn hear(mut heard: MessageReader<SocialHeard>, ears: Ears<'_, '_>, mut tell: Tell<'_, '_>) {
    for SocialHeard { player, event } in heard.read() {
        let (scope, from, text) = match event.clone() {
            SocialEvent::Whisper { from, text } => (ChatScope::Whisper, from, text),
            SocialEvent::PartyChat { from, text } => (ChatScope::Party, from, text),
            SocialEvent::WhisperSent { to, text } => {
                tell.send(*player, &ServerMessage::WhisperSent { to, text });
                continue;
            }
            _ => continue,
        };
        if ears.hears(*player, &from) {
            tell.send_of_others(*player, &ServerMessage::Chat { scope, from, text });
        }
    }
}
