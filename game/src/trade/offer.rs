//! Offers, confirmation and cancellation.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::limits::MAX_TRADE_ITEMS;
use realmgate_protocol::realm::{Refusal, ServerMessage, TradeEnd};

use super::desk::Desk;
use crate::tell::CausedBy;

impl Desk<'_, '_> {
    /// Sets the offer of a player. Offered items and gold are set aside: nothing else can be done with them meanwhile.
    pub(super) fn offer(&mut self, player: Entity, items: &[ItemId], gold: u64) -> Result<(), Refusal> {
        let number = self.open_trade_of(player)?;
        let named: BTreeSet<ItemId> = items.iter().copied().collect();
        if named.len() != items.len() || items.len() > MAX_TRADE_ITEMS {
            return Err(Refusal::BadMessage);
        }
        let before = self.offered(number, player);
        self.ledger.set_aside(player, BTreeSet::new(), 0);
        if let Err(refusal) = self.check_offer(player, items, gold) {
            self.ledger.set_aside(player, before.0, before.1);
            return Err(refusal);
        }
        self.ledger.set_aside(player, named, gold);
        let Some(trade) = self.trades.running.get_mut(&number) else { return Err(Refusal::NoTrade) };
        trade.revision += 1;
        trade.take_back_confirmations();
        if let Some(side) = trade.sides.iter_mut().find(|side| side.player == player) {
            (side.items, side.gold) = (items.to_vec(), gold);
        }
        self.show(number);
        Ok(())
    }

    fn check_offer(&self, player: Entity, items: &[ItemId], gold: u64) -> Result<(), Refusal> {
        for item in items {
            let (_, held) = self.ledger.free_item(player, *item)?;
            if held.is_worn() {
                return Err(Refusal::NotAllowed);
            }
        }
        let (_, inventory) = self.ledger.owner(player).ok_or(Refusal::NotFound)?;
        if gold > inventory.free_gold() { Err(Refusal::TooLittleGold) } else { Ok(()) }
    }

    /// The current offer of a player.
    pub(super) fn offered(&self, number: u32, player: Entity) -> (BTreeSet<ItemId>, u64) {
        let trade = self.trades.running.get(&number);
        let side = trade.and_then(|trade| trade.sides.iter().find(|side| side.player == player));
        side.map(|side| (side.items.iter().copied().collect(), side.gold)).unwrap_or_default()
    }

    pub(super) fn confirm(&mut self, player: Entity, revision: u32) -> Result<(), Refusal> {
        let number = self.open_trade_of(player)?;
        let Some(trade) = self.trades.running.get_mut(&number) else { return Err(Refusal::NoTrade) };
        if trade.revision != revision {
            return Err(Refusal::StaleTrade);
        }
        if let Some(side) = trade.sides.iter_mut().find(|side| side.player == player) {
            side.confirmed = true;
        }
        let agreed = trade.sides.iter().all(|side| side.confirmed);
        self.show(number);
        if agreed { self.conclude(number) } else { Ok(()) }
    }

    pub(super) fn cancel(&mut self, player: Entity) -> Result<(), Refusal> {
        match self.open_trade_of(player) {
            Ok(number) => self.end(number, TradeEnd::Cancelled),
            Err(Refusal::NoTrade) => {
                let told = self.take_back_invitation(player)?.into_iter().flatten();
                let caused_by = |listener| if listener == player { CausedBy::Itself } else { CausedBy::Another };
                let told = told.map(|listener| (listener, caused_by(listener)));
                self.tell.send_each(told, &ServerMessage::TradeEnded { end: TradeEnd::Cancelled });
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }
}
