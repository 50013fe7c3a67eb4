//! Trade invitations and their answers.

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
        if self.trades.is_trading(from) || self.trades.is_trading(other) {
            return Err(Refusal::TradeBusy);
        }
        if self.trades.invitations.get(&from).is_some_and(|standing| standing.to == other && now < standing.until) {
            return Err(Refusal::AlreadyAsked);
        }
        let (Some(net), Some((player, _))) = (self.net(from), self.ledger.owner(from)) else {
            return Err(Refusal::NotFound);
        };
        let requested = ServerMessage::TradeRequested { from: net, name: player.name.clone() };
        let told = self.ears.hears(other, &player.name);
        if !self.sessions.get_mut(from).is_ok_and(|mut session| session.may_invite(&self.data, &self.clock)) {
            return Err(Refusal::RateLimited);
        }
        let until = now.after(self.clock.ticks(self.data.world.goods.trade_request_ms));
        self.trades.last_invitation += 1;
        let invitation = Invitation { to: other, until, number: self.trades.last_invitation, told };
        self.trades.invitations.insert(from, invitation);
        if told {
            self.tell.send_of_others(other, &requested);
        }
        Ok(())
    }

    pub(super) fn answer(&mut self, player: Entity, accept: bool) -> Result<(), Refusal> {
        let from = self.last_to_ask(player).ok_or(Refusal::NoTrade)?;
        self.trades.invitations.remove(&from);
        if !accept {
            self.tell.send(from, &ServerMessage::TradeEnded { end: TradeEnd::Declined });
            return Ok(());
        }
        if !self.are_together(player, from) {
            self.tell.send(from, &ServerMessage::TradeEnded { end: TradeEnd::Apart });
            return Err(Refusal::OutOfRange);
        }
        if self.trades.is_trading(player) || self.trades.is_trading(from) {
            return Err(Refusal::TradeBusy);
        }
        self.trades.invitations.remove(&player);
        let number = self.trades.start([from, player]);
        self.show(number);
        Ok(())
    }

    /// The last player who asked this one, of those whose invitation is still open.
    fn last_to_ask(&self, player: Entity) -> Option<Entity> {
        let now = self.clock.now();
        let standing = self.trades.invitations.iter().filter(|(_, invitation)| now < invitation.until);
        let asked = standing.filter(|(_, invitation)| invitation.to == player && invitation.told);
        asked.max_by_key(|(_, invitation)| invitation.number).map(|(from, _)| *from)
    }

    /// Takes back the invitation of a player. Returns the players who know of it, including itself.
    pub(super) fn take_back_invitation(&mut self, from: Entity) -> Result<[Option<Entity>; 2], Refusal> {
        let invitation = self.trades.invitations.remove(&from).ok_or(Refusal::NoTrade)?;
        Ok([Some(from), invitation.told.then_some(invitation.to)])
    }
}
