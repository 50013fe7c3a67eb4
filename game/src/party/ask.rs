//! Party requests of players.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_protocol::link::SocialCommand;
use realmgate_protocol::realm::{ClientMessage, Refusal};

use crate::data::Data;
use crate::requests::Request;
use crate::session::Session;
use crate::social::SocialAsked;
use crate::tell::Tell;

pub(super) fn ask(
    mut requests: MessageReader<Request>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut sessions: Query<&mut Session>,
    mut asked: MessageWriter<SocialAsked>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message } in requests.read() {
        let command = match message {
            ClientMessage::PartyInvite { to } => {
                if !sessions.get_mut(*player).is_ok_and(|mut session| session.may_invite(&data, &clock)) {
                    tell.refuse(*player, message, Refusal::RateLimited);
                    continue;
                }
                SocialCommand::PartyInvite { to: to.clone() }
            }
            ClientMessage::PartyAnswer { party, accept } => {
                SocialCommand::PartyAnswer { party: *party, accept: *accept }
            }
            ClientMessage::PartyLeave => SocialCommand::PartyLeave,
            _ => continue,
        };
        asked.write(SocialAsked { player: *player, request: message.into(), command });
    }
}
