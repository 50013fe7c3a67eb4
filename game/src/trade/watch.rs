//! Ends trades of players who are no longer together.

use bevy_ecs::prelude::*;
use realmgate_engine::player::{Players, Returned};
use realmgate_protocol::realm::TradeEnd;

use super::desk::Desk;

/// Ends the trades of players who have come back over another connection, whose client knows nothing of them.
pub(super) fn end_of_returned(players: Res<Players>, mut desk: Desk<'_, '_>) {
    for Returned { player, .. } in players.returned() {
        if let Ok(number) = desk.open_trade_of(*player) {
            desk.end(number, TradeEnd::Apart);
        }
    }
}

/// Ends the trades of players who went apart, died or left, unless the trade is already at the store. Removes
/// invitations that have expired.
pub(super) fn watch(mut desk: Desk<'_, '_>) {
    let open = desk.trades.running.iter().filter(|(_, trade)| trade.at_store.is_none());
    let apart = open.filter(|(_, trade)| !desk.are_together(trade.sides[0].player, trade.sides[1].player));
    let apart: Vec<u32> = apart.map(|(number, _)| *number).collect();
    for number in apart {
        desk.end(number, TradeEnd::Apart);
    }
    if !desk.trades.invitations.is_empty() {
        let now = desk.clock.now();
        desk.trades.invitations.retain(|_, invitation| now < invitation.until);
    }
}
