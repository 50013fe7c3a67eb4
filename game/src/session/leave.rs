//! How a session ends: by its player, by somebody else, or with its connection.

use bevy_ecs::prelude::*;
use realmgate_engine::player::{LeaveRequested, PlayerLeaving, TravelAnswered};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};

use super::Session;
use crate::requests::Request;
use crate::tell::Tell;

/// A player asked to leave.
pub(super) fn log_out(mut requests: MessageReader<Request>, mut leave: MessageWriter<LeaveRequested>) {
    for request in requests.read().filter(|request| request.message == ClientMessage::Logout) {
        leave.write(LeaveRequested { player: request.player, reason: LeaveReason::Logout });
    }
}

/// A player asked to leave while it was on its way to another world, and stays in this one.
pub(super) fn log_out_after_all(
    mut answers: MessageReader<TravelAnswered>,
    mut sessions: Query<&mut Session>,
    mut leave: MessageWriter<LeaveRequested>,
) {
    for answered in answers.read().filter(|answered| answered.answer.is_err()) {
        if sessions.get_mut(answered.player).is_ok_and(|mut session| std::mem::take(&mut session.wants_out)) {
            leave.write(LeaveRequested { player: answered.player, reason: LeaveReason::Logout });
        }
    }
}

/// Whoever leaves for good hears why; whoever travels was told with its ticket.
pub(super) fn say_goodbye(mut leaving: MessageReader<PlayerLeaving>, mut tell: Tell<'_, '_>) {
    for leaver in leaving.read() {
        if let Some(reason) = leaver.reason {
            tell.send(leaver.player, &ServerMessage::Leave { reason });
        }
    }
}
