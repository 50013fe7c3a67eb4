//! Turns the bytes of clients into requests: decodes them, and checks the rate limit and the state of the player.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{ClientBytes, LeaveAsked, Player, Travelling};
use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, Refusal, protocol_hash};

use super::{Session, Stage, request_rate};
use crate::data::Data;
use crate::death::Dead;
use crate::requests::{Asked, Request};
use crate::tell::Tell;

/// A player whose client has sent something.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Sender {
    player: &'static Player,
    session: &'static mut Session,
    is_dead: Has<Dead>,
    is_travelling: Has<Travelling>,
}

/// Reads the messages of clients.
pub(super) fn read_messages(
    mut received: PopulatedMessageReader<ClientBytes>,
    mut senders: Query<Sender>,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut requests: MessageWriter<Request>,
    mut leave: MessageWriter<LeaveAsked>,
    mut tell: Tell<'_, '_>,
) {
    for ClientBytes { player, session: over, bytes } in received.read() {
        let Ok(sender) = senders.get_mut(*player) else { continue };
        let SenderItem { player: known, mut session, is_dead, is_travelling } = sender;
        if known.session != *over {
            // It came within this tick over the connection before, whose session is over.
            continue;
        }
        if session.stage == Stage::Refused {
            // It is leaving already.
            continue;
        }
        let id = session.next_message_id();
        if !session.allowance.take(request_rate(&data), &clock) {
            session.refuse_limited(*player, Asked::unread(id), &clock, &mut tell);
            continue;
        }
        if is_travelling {
            // The next message it gets is the answer to its travel request. If that is refused, a log-out counts here.
            session.wants_out |= matches!(decode_reliable(bytes), Ok(ClientMessage::Logout));
            continue;
        }
        let Ok(message) = decode_reliable::<ClientMessage>(bytes) else {
            tell.refuse(*player, Asked::unread(id), Refusal::BadMessage);
            tell.violation(*player);
            continue;
        };
        let asked = Asked::message(id, &message);
        match (session.stage, &message) {
            (Stage::New, ClientMessage::Hello { protocol_hash: theirs }) if *theirs == protocol_hash() => {
                session.stage = Stage::Greeting;
            }
            (Stage::New, ClientMessage::Hello { .. }) => {
                session.stage = Stage::Refused;
                tell.refuse(*player, asked, Refusal::ProtocolMismatch);
                leave.write(LeaveAsked { player: *player, reason: LeaveReason::Kicked, by_link: false });
            }
            (Stage::New, _) => tell.refuse(*player, asked, Refusal::HelloFirst),
            (_, ClientMessage::Hello { .. }) => tell.refuse(*player, asked, Refusal::BadMessage),
            // Only spectators look elsewhere than where they are.
            (_, ClientMessage::Look { .. }) => {
                tell.refuse(*player, asked, Refusal::BadMessage);
                tell.violation(*player);
            }
            (_, _) if is_dead && needs_life(&message) => tell.refuse(*player, asked, Refusal::Dead),
            (_, _) => {
                requests.write(Request { player: *player, id, message });
            }
        }
    }
}

/// Whether a request needs the player to be alive.
fn needs_life(message: &ClientMessage) -> bool {
    match message {
        ClientMessage::PickUp { .. }
        | ClientMessage::DropItem { .. }
        | ClientMessage::Equip { .. }
        | ClientMessage::Unequip { .. }
        | ClientMessage::UseItem { .. }
        | ClientMessage::VendorList { .. }
        | ClientMessage::VendorBuy { .. }
        | ClientMessage::VendorSell { .. }
        | ClientMessage::VendorBuyBack { .. }
        | ClientMessage::TradeRequest { .. }
        | ClientMessage::TradeAnswer { .. }
        | ClientMessage::TradeOffer { .. }
        | ClientMessage::TradeConfirm { .. }
        | ClientMessage::SwitchChannel { .. } => true,
        ClientMessage::Hello { .. }
        | ClientMessage::Logout
        | ClientMessage::Respawn
        | ClientMessage::TradeCancel
        | ClientMessage::Chat { .. }
        | ClientMessage::Whisper { .. }
        | ClientMessage::PartyInvite { .. }
        | ClientMessage::PartyAnswer { .. }
        | ClientMessage::PartyLeave
        | ClientMessage::PartyChat { .. }
        | ClientMessage::ListChannels
        | ClientMessage::Ignore { .. }
        | ClientMessage::Unignore { .. }
        | ClientMessage::Look { .. } => false,
    }
}
