//! `RealmChat`: where players talk, and whom this one does not hear.

use godot::prelude::*;
use realmgate_protocol::realm::{ChatScope, ClientMessage, ServerMessage};

use crate::error::RealmError;
use crate::requests::{Asks, Requests};

/// Where players talk: [member RealmClient.chat]. What the server refuses comes by [signal refused].
#[derive(GodotClass)]
#[class(tool, init, base=RefCounted)]
pub struct RealmChat {
    /// The names of the players that this one ignores.
    #[var(no_set)]
    ignored: PackedStringArray,
    requests: Requests,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmChat {
    /// Somebody has said something: in the [code]channel[/code], by [code]whisper[/code] or in the [code]party[/code];
    /// or an administrator to the whole [code]realm[/code], and [param from] is empty.
    #[signal]
    pub fn said(scope: StringName, from: GString, text: GString);
    /// The player's own whisper has arrived.
    #[signal]
    pub fn whisper_sent(to: GString, text: GString);
    /// [member ignored] has changed.
    #[signal]
    pub fn ignored_changed();
    /// The server has refused a request that a method of this made, or it could not be sent. It is told here alone.
    #[signal]
    pub fn refused(error: Gd<RealmError>);

    /// Says something to everybody in the channel: at most 240 bytes.
    #[func]
    fn say(&self, text: GString) {
        self.requests.ask(ClientMessage::Chat { text: text.to_string() });
    }

    /// Says something to one player, wherever that is.
    #[func]
    fn whisper(&self, to: GString, text: GString) {
        self.requests.ask(ClientMessage::Whisper { to: to.to_string(), text: text.to_string() });
    }

    /// Says something to the party.
    #[func]
    fn say_to_party(&self, text: GString) {
        self.requests.ask(ClientMessage::PartyChat { text: text.to_string() });
    }

    /// Ignores a player: nothing that it says or asks comes through any more.
    #[func]
    fn ignore(&self, player_name: GString) {
        self.requests.ask(ClientMessage::Ignore { name: player_name.to_string() });
    }

    /// Hears a player again.
    #[func]
    fn unignore(&self, player_name: GString) {
        self.requests.ask(ClientMessage::Unignore { name: player_name.to_string() });
    }
}

impl Asks for RealmChat {
    fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>) {
        part.signals().refused().emit(error);
    }
}

impl RealmChat {
    /// Tells what concerns it of a message.
    pub fn hear(chat: &Gd<Self>, message: &ServerMessage) {
        let mut chat = chat.clone();
        match message {
            ServerMessage::Chat { scope, from, text } => {
                let scope = match scope {
                    ChatScope::Channel => "channel",
                    ChatScope::Whisper => "whisper",
                    ChatScope::Party => "party",
                    ChatScope::Realm => "realm",
                };
                chat.signals().said().emit(
                    &StringName::from(scope),
                    &GString::from(from.as_str()),
                    &GString::from(text.as_str()),
                );
            }
            ServerMessage::WhisperSent { to, text } => {
                chat.signals().whisper_sent().emit(&GString::from(to.as_str()), &GString::from(text.as_str()));
            }
            ServerMessage::Ignored { names } => {
                chat.bind_mut().ignored = names.iter().map(|name| GString::from(name.as_str())).collect();
                chat.signals().ignored_changed().emit();
            }
            _ => {}
        }
    }
}
