//! Turns the bytes of clients into requests: decodes them, and checks the rate limit and the state of the player.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{ClientBytes, LeaveAsked, Travelling};
use realmgate_protocol::codec::decode_reliable;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, Refusal, protocol_hash};

use super::{Session, Stage, request_rate};
use crate::data::Data;
use crate::death::Dead;
use crate::requests::Request;
use crate::tell::Tell;

/// Milliseconds between two rate-limit refusals to a client.
const QUIET_MS: u32 = 1_000;

type Sender<'a> = (&'a mut Session, Has<Dead>, Has<Travelling>);

/// Reads the messages of clients.
pub(super) fn read_messages(
    mut received: MessageReader<ClientBytes>,
    mut senders: Query<Sender<'_>>,
    (clock, data): (Res<TickClock>, Res<Data>),
    mut requests: MessageWriter<Request>,
    mut leave: MessageWriter<LeaveAsked>,
    mut tell: Tell<'_, '_>,
) {
    for ClientBytes { player, bytes } in received.read() {
        let Ok((mut session, dead, travelling)) = senders.get_mut(*player) else { continue };
        if session.stage == Stage::Refused {
            // It is leaving already.
            continue;
        }
        if !session.allowance.take(request_rate(&data), &clock) {
            tell_limited(*player, &mut session, &clock, &mut tell);
            continue;
        }
        if travelling {
            // The next message it gets is the answer to its travel request. If that is refused, a log-out counts here.
            session.wants_out |= matches!(decode_reliable(bytes), Ok(ClientMessage::Logout));
            continue;
        }
        let Ok(message) = decode_reliable::<ClientMessage>(bytes) else {
            tell.refuse(*player, "", Refusal::BadMessage);
            tell.violation(*player);
            continue;
        };
        match (session.stage, &message) {
            (Stage::New, ClientMessage::Hello { protocol_hash: theirs }) if *theirs == protocol_hash() => {
                session.stage = Stage::Greeting;
            }
            (Stage::New, ClientMessage::Hello { .. }) => {
                session.stage = Stage::Refused;
                tell.refuse(*player, message.name(), Refusal::ProtocolMismatch);
                leave.write(LeaveAsked { player: *player, reason: LeaveReason::Kicked, by_link: false });
            }
            (Stage::New, _) => tell.refuse(*player, message.name(), Refusal::HelloFirst),
            (_, ClientMessage::Hello { .. }) => tell.refuse(*player, message.name(), Refusal::BadMessage),
            (_, _) if dead && needs_life(&message) => tell.refuse(*player, message.name(), Refusal::Dead),
            (_, _) => drop(requests.write(Request { player: *player, message })),
        }
    }
}

/// Refuses a message over the rate limit. Not for each message: answers to a flood would be a flood.
fn tell_limited(player: Entity, session: &mut Session, clock: &TickClock, tell: &mut Tell<'_, '_>) {
    if clock.now() >= session.quiet_until {
        session.quiet_until = clock.now().after(clock.ticks(QUIET_MS));
        tell.refuse(player, "", Refusal::RateLimited);
    }
    metrics::counter!("realmgate_rate_limited_total").increment(1);
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
        | ClientMessage::Unignore { .. } => false,
    }
}
