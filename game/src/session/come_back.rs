//! A player comes back to its body over another connection: the session starts from nothing, and the body stays as it is.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{Players, Returned};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::ServerMessage;

use super::{LoggingOut, Session};
use crate::data::Data;
use crate::tell::Tell;

/// Gives those who have come back a new session, and tells the connection before, if it is still up, who has its body.
pub(super) fn begin_anew(
    players: Res<Players>,
    mut commands: Commands,
    clock: Res<TickClock>,
    data: Res<Data>,
    mut tell: Tell<'_, '_>,
) {
    for Returned { player, before } in players.returned().iter().copied() {
        commands.entity(player).insert(Session::new(&data, &clock));
        tell.send_to(before, &ServerMessage::Leave { reason: LeaveReason::Replaced });
        metrics::counter!("realmgate_players_returned_total").increment(1);
    }
}

/// Whose account wants back in does not leave when its fight is over. The fight goes on.
pub(super) fn stay_after_all(players: Res<Players>, mut commands: Commands) {
    for player in players.awaited() {
        commands.entity(*player).remove::<LoggingOut>();
    }
}
