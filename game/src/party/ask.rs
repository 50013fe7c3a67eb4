//! Party requests of players.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_protocol::link::SocialCommand;
use realmgate_protocol::realm::ClientMessage;

use crate::data::Data;
use crate::requests::Request;
use crate::session::Session;
use crate::social::SocialAsked;
use crate::tell::Tell;

pub(super) fn ask(
    mut requests: PopulatedMessageReader<Request>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut sessions: Query<&mut Session>,
    mut asked: MessageWriter<SocialAsked>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let command = match message {
            ClientMessage::PartyInvite { to } => {
                let Ok(mut session) = sessions.get_mut(*player) else { continue };
                if !session.may_invite(&data, &clock) {
                    session.refuse_limited(*player, request.into(), &clock, &mut tell);
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
        asked.write(SocialAsked { player: *player, asked: request.into(), command });
    }
}
