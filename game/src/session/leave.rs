//! The end of a session: by its player, by somebody else, or with its connection.

use bevy_ecs::prelude::*;
use realmgate_engine::player::{LeaveAsked, PlayerLeaving, TravelAnswered};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};

use super::Session;
use crate::requests::Request;
use crate::tell::Tell;

/// Handles log-out requests.
pub(super) fn log_out(mut requests: PopulatedMessageReader<Request>, mut leave: MessageWriter<LeaveAsked>) {
    for request in requests.read().filter(|request| request.message == ClientMessage::Logout) {
        leave.write(LeaveAsked { player: request.player, reason: LeaveReason::Logout, by_link: false });
    }
}

/// Logs out players who asked for it while they were travelling, when the travel is refused.
pub(super) fn log_out_after_all(
    mut answers: PopulatedMessageReader<TravelAnswered>,
    mut sessions: Query<&mut Session>,
    mut leave: MessageWriter<LeaveAsked>,
) {
    for answered in answers.read().filter(|answered| answered.answer.is_err()) {
        if sessions.get_mut(answered.player).is_ok_and(|mut session| std::mem::take(&mut session.wants_out)) {
            leave.write(LeaveAsked { player: answered.player, reason: LeaveReason::Logout, by_link: false });
        }
    }
}

/// Tells leaving players the reason. Those who travel have none: they were told with their ticket.
pub(super) fn say_goodbye(mut leaving: PopulatedMessageReader<PlayerLeaving>, mut tell: Tell<'_, '_>) {
    for leaver in leaving.read() {
        if let Some(reason) = leaver.reason {
            tell.send(leaver.player, &ServerMessage::Leave { reason });
        }
    }
}
