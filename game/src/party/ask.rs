//! What players want of parties.

use bevy_ecs::prelude::*;
use realmgate_protocol::link::SocialCommand;
use realmgate_protocol::realm::ClientMessage;

use crate::requests::Request;
use crate::social::SocialAsked;

pub(super) fn ask(mut requests: MessageReader<Request>, mut asked: MessageWriter<SocialAsked>) {
    for Request { player, message } in requests.read() {
        let command = match message {
            ClientMessage::PartyInvite { to } => SocialCommand::PartyInvite { to: to.clone() },
            ClientMessage::PartyAnswer { party, accept } => {
                SocialCommand::PartyAnswer { party: *party, accept: *accept }
            }
            ClientMessage::PartyLeave => SocialCommand::PartyLeave,
            _ => continue,
        };
        asked.write(SocialAsked { player: *player, request: message.name(), command });
    }
}
