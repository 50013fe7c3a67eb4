//! What players say: to the channel, to one other, to their party.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{Player, PlayerJoined, Players, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::{SocialCommand, SocialEvent};
use realmgate_protocol::realm::{ChatScope, ClientMessage, Refusal, ServerMessage};

use crate::data::Data;
use crate::requests::{Request, RequestSet};
use crate::session::{Allowance, Rate};
use crate::social::SocialAsked;
use crate::tell::Tell;

/// How much a player may still say.
#[derive(Component, Debug)]
struct Breath(Allowance);

/// Owns chat.
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
    (clock, data): (Res<TickClock>, Res<Data>),
) {
    for join in joined.read() {
        commands.entity(join.player).insert(Breath(Allowance::full(rate(&data), &clock)));
    }
}

fn speak(
    mut requests: MessageReader<Request>,
    (players, clock, data): (Res<Players>, Res<TickClock>, Res<Data>),
    mut speakers: Query<(&Player, &mut Breath)>,
    mut asked: MessageWriter<SocialAsked>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message } in requests.read() {
        let (ClientMessage::Chat { text } | ClientMessage::Whisper { text, .. } | ClientMessage::PartyChat { text }) =
            message
        else {
            continue;
        };
        let Ok((speaker, mut breath)) = speakers.get_mut(*player) else { continue };
        if !is_sayable(text) {
            tell.refuse(*player, message.name(), Refusal::BadText);
            continue;
        }
        if !breath.0.take(rate(&data), &clock) {
            tell.refuse(*player, message.name(), Refusal::RateLimited);
            continue;
        }
        metrics::counter!("realmgate_chat_messages_total").increment(1);
        let request = message.name();
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
                let (from, text) = (speaker.name.clone(), text.clone());
                let said = ServerMessage::Chat { scope: ChatScope::Channel, from, text };
                tell.send_all(players.iter().map(|(_, listener)| listener), &said);
            }
        }
    }
}

/// Whether a text can be shown as one line.
fn is_sayable(text: &str) -> bool {
    text.len() <= MAX_CHAT_BYTES && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

fn hear(mut heard: MessageReader<SocialHeard>, mut tell: Tell<'_, '_>) {
    for SocialHeard { player, event } in heard.read() {
        let message = match event.clone() {
            SocialEvent::Whisper { from, text } => ServerMessage::Chat { scope: ChatScope::Whisper, from, text },
            SocialEvent::PartyChat { from, text } => ServerMessage::Chat { scope: ChatScope::Party, from, text },
            SocialEvent::WhisperSent { to, text } => ServerMessage::WhisperSent { to, text },
            _ => continue,
        };
        tell.send(*player, &message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_printable() {
        assert!(is_sayable("hello, wörld"));
        assert!(is_sayable(&"x".repeat(MAX_CHAT_BYTES)));
        for bad in ["", "   ", "two\nlines", "bell\u{7}", &"x".repeat(MAX_CHAT_BYTES + 1)] {
            assert!(!is_sayable(bad), "{bad:?} must be refused");
        }
    }
}
