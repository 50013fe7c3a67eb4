//! How a session ends: by its player, by somebody else, or with its connection.

use bevy_ecs::prelude::*;
use realmgate_engine::player::{LeaveRequested, PlayerLeaving};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};

use crate::requests::Request;
use crate::tell::Tell;

/// A player asked to leave.
pub(super) fn log_out(mut requests: MessageReader<Request>, mut leave: MessageWriter<LeaveRequested>) {
    for request in requests.read().filter(|request| request.message == ClientMessage::Logout) {
        leave.write(LeaveRequested { player: request.player, reason: LeaveReason::Logout });
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
