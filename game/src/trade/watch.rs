//! Ends trades of players who are no longer together.

use realmgate_protocol::realm::TradeEnd;

use super::desk::Desk;

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
