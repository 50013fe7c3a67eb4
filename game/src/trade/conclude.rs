//! Concludes trades: submits one event when both have confirmed, and ends the trade by its outcome.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{CharacterId, EventKey, ItemId};
use realmgate_protocol::link::{GoldAccount, Owner};
use realmgate_protocol::realm::{Refusal, TradeEnd};

use super::desk::Desk;
use crate::inventory::{Deal, FIRST_PASSING_SLOT, Settled};

/// What one side gives, and the slots for what it gets.
struct Bundle {
    player: Entity,
    character: CharacterId,
    /// Items with their definition and slot.
    items: Vec<(ItemId, String, u16)>,
    gold: u64,
    fills: Vec<u16>,
}

impl Desk<'_, '_> {
    /// Submits an agreed trade to the store. If that fails, both confirmations are taken back.
    pub(super) fn conclude(&mut self, number: u32) -> Result<(), Refusal> {
        let Some(trade) = self.trades.running.get(&number) else { return Err(Refusal::NoTrade) };
        if trade.sides.iter().all(|side| side.items.is_empty() && side.gold == 0) {
            // Both agree to exchange nothing.
            self.end(number, TradeEnd::Cancelled);
            return Ok(());
        }
        match self.exchange(number) {
            Ok(key) => {
                if let Some(trade) = self.trades.running.get_mut(&number) {
                    trade.at_store = Some(key);
                }
                Ok(())
            }
            Err(refusal) => {
                if let Some(trade) = self.trades.running.get_mut(&number) {
                    trade.take_back_confirmations();
                }
                self.show(number);
                Err(refusal)
            }
        }
    }

    fn exchange(&mut self, number: u32) -> Result<EventKey, Refusal> {
        let bundles = [self.bundle(number, 0)?, self.bundle(number, 1)?];
        for (gets, gives) in [(0, 1), (1, 0)] {
            if bundles[gets].fills.len() < bundles[gives].items.len() {
                return Err(Refusal::BagFull);
            }
        }
        // From here on the deal holds what was set aside.
        for bundle in &bundles {
            self.ledger.set_aside(bundle.player, BTreeSet::new(), 0);
        }
        self.ledger.submit(deal(&bundles)).inspect_err(|_| {
            for bundle in &bundles {
                let items = bundle.items.iter().map(|(item, ..)| *item).collect();
                self.ledger.set_aside(bundle.player, items, bundle.gold);
            }
        })
    }

    fn bundle(&self, number: u32, side: usize) -> Result<Bundle, Refusal> {
        let trade = self.trades.running.get(&number).ok_or(Refusal::NoTrade)?;
        let side = &trade.sides[side];
        let (player, inventory) = self.ledger.owner(side.player).ok_or(Refusal::NotFound)?;
        let item = |item: &ItemId| {
            let held = inventory.get(*item).ok_or(Refusal::NotFound)?;
            Ok((*item, held.definition.clone(), held.slot))
        };
        let items = side.items.iter().map(item).collect::<Result<Vec<_>, Refusal>>()?;
        // Items given make room for items received, so that full bags can trade one for one.
        let fills = inventory.free_bag_slots().chain(items.iter().map(|(_, _, slot)| *slot)).collect();
        Ok(Bundle { player: side.player, character: player.character, items, gold: side.gold, fills })
    }
}

/// Builds one event for the whole exchange. Items first move to slots outside of the inventory, since each change must
/// find its slot free, and the bag slots may be free only once both have given.
fn deal(bundles: &[Bundle; 2]) -> Deal {
    let mut deal = Deal::new("trade");
    let [one, other] = bundles;
    let slot = |bundle: &Bundle, slot| Owner::Character { character: bundle.character, slot };
    let ways = [(one, other), (other, one)];
    for (gives, gets) in ways {
        for ((item, definition, from), passing) in gives.items.iter().zip(FIRST_PASSING_SLOT..) {
            deal.hand_over(*item, definition, slot(gives, *from), slot(gets, passing));
        }
    }
    for (gives, gets) in ways {
        for (((item, definition, _), passing), to) in gives.items.iter().zip(FIRST_PASSING_SLOT..).zip(&gets.fills) {
            deal.hand_over(*item, definition, slot(gets, passing), slot(gets, *to));
        }
    }
    for (gives, gets) in ways {
        let purse = |bundle: &Bundle| GoldAccount::Character { character: bundle.character };
        deal.pay(purse(gives), purse(gets), gives.gold);
    }
    deal
}

/// Ends trades for which the store has answered. Only now is a trade done.
pub(super) fn finish(mut settled: PopulatedMessageReader<Settled>, mut desk: Desk<'_, '_>) {
    for outcome in settled.read() {
        let trade = desk.trades.running.iter().find(|(_, trade)| trade.at_store == Some(outcome.key));
        let Some(number) = trade.map(|(number, _)| *number) else { continue };
        match outcome.refusal {
            None => {
                metrics::counter!("realmgate_trades_done_total").increment(1);
                desk.end(number, TradeEnd::Done);
            }
            Some(_) => desk.end(number, TradeEnd::Failed),
        }
    }
}
