//! Asking for a trade, and answering.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::{Refusal, ServerMessage, TradeEnd};

use super::Invitation;
use super::desk::Desk;

impl Desk<'_, '_> {
    pub(super) fn invite(&mut self, from: Entity, with: EntityId) -> Result<(), Refusal> {
        let other = self.ids.get(with).filter(|other| self.is_able(*other)).ok_or(Refusal::NotFound)?;
        if other == from {
            return Err(Refusal::BadTarget);
        }
        if !self.are_together(from, other) {
            return Err(Refusal::OutOfRange);
        }
        let now = self.clock.now();
        let asked_by_another =
            self.trades.invitations.get(&other).is_some_and(|known| known.from != from && now < known.until);
        if asked_by_another || self.trades.is_trading(from) || self.trades.is_trading(other) {
            return Err(Refusal::TradeBusy);
        }
        let (Some(net), Some((player, _))) = (self.net(from), self.ledger.owner(from)) else {
            return Err(Refusal::NotFound);
        };
        let requested = ServerMessage::TradeRequested { from: net, name: player.name.clone() };
        self.take_back_invitation(from);
        let until = now.after(self.clock.ticks(self.data.world.goods.trade_request_ms));
        self.trades.invitations.insert(other, Invitation { from, until });
        self.tell.send(other, &requested);
        Ok(())
    }

    pub(super) fn answer(&mut self, player: Entity, accept: bool) -> Result<(), Refusal> {
        let invitation = self.trades.invitations.remove(&player).ok_or(Refusal::NoTrade)?;
        if self.clock.now() >= invitation.until {
            return Err(Refusal::NoTrade);
        }
        if !accept {
            self.tell.send(invitation.from, &ServerMessage::TradeEnded { end: TradeEnd::Declined });
            return Ok(());
        }
        if !self.are_together(player, invitation.from) {
            self.tell.send(invitation.from, &ServerMessage::TradeEnded { end: TradeEnd::Apart });
            return Err(Refusal::OutOfRange);
        }
        if self.trades.is_trading(player) || self.trades.is_trading(invitation.from) {
            return Err(Refusal::TradeBusy);
        }
        self.take_back_invitation(player);
        let number = self.trades.start([invitation.from, player]);
        self.show(number);
        Ok(())
    }

    /// Takes back what a player has asked of somebody; who that was.
    pub(super) fn take_back_invitation(&mut self, from: Entity) -> Option<Entity> {
        let asked = self.trades.invitations.iter().find(|(_, invitation)| invitation.from == from);
        let asked = asked.map(|(asked, _)| *asked)?;
        self.trades.invitations.remove(&asked);
        Some(asked)
    }
}
