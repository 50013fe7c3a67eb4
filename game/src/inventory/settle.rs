//! The only place where inventories change: when the store has answered.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_engine::persist::EventDone;
use realmgate_protocol::ids::{CharacterId, EventKey, ItemId};
use realmgate_protocol::link::{Change, EventRefusal, GoldAccount, Owner};
use realmgate_protocol::realm::{Refusal, ServerMessage};

use super::ledger::{Pending, Waiting, items_of};
use super::{AwaitsKit, Held, Inventory};
use crate::tell::Tell;

/// The outcome of a deal is known. If it was committed, the inventories are changed and the players told; if it was
/// refused, nothing has changed and the player who asked was told. The feature that made the deal does the rest.
#[derive(Message, Debug, Clone, Copy)]
pub struct Settled {
    /// Key of the deal.
    pub key: EventKey,
    /// Why the store refused it; `None` if it is durable.
    pub refusal: Option<EventRefusal>,
}

/// Applies the outcomes of this tick. Outcomes without a pending deal are skipped: an outcome may arrive twice.
pub(super) fn settle(
    mut done: PopulatedMessageReader<EventDone>,
    mut pending: ResMut<Pending>,
    mut inventories: Query<(&mut Inventory, Has<AwaitsKit>)>,
    mut settled: MessageWriter<Settled>,
    mut tell: Tell<'_, '_>,
) {
    for EventDone { key, refusal } in done.read() {
        let Some(Waiting { deal, parties }) = pending.take(*key) else { continue };
        for (character, player) in parties {
            let Ok((mut inventory, awaits_kit)) = inventories.get_mut(player) else { continue };
            inventory.let_go(character, &deal.changes);
            if refusal.is_none() {
                let before = inventory.touched_by(&deal.changes);
                inventory.apply(character, &deal.changes, &deal.definitions);
                // A starter kit is in the inventory that comes with the welcome.
                if !awaits_kit {
                    tell_changes(player, &before, &inventory, &mut tell);
                }
            }
        }
        if let (Some(_), Some((player, asked))) = (refusal, deal.asker) {
            tell.refuse(player, asked, Refusal::NotCommitted);
        }
        settled.write(Settled { key: *key, refusal: *refusal });
    }
}

/// The parts of an inventory that a deal may change.
struct Touched {
    gold: u64,
    slots: BTreeMap<ItemId, Option<u16>>,
}

impl Inventory {
    fn touched_by(&self, changes: &[Change]) -> Touched {
        let slot = |item| (item, self.get(item).map(|held| held.slot));
        Touched { gold: self.gold, slots: items_of(changes).map(slot).collect() }
    }

    /// Applies the changes of a committed event to one character.
    fn apply(&mut self, me: CharacterId, changes: &[Change], definitions: &BTreeMap<ItemId, String>) {
        for change in changes {
            match change {
                Change::ItemCreated { item, to, .. } => self.put(*item, me, to, definitions),
                Change::ItemMoved { item, from, to } => {
                    self.take_away(*item, me, from);
                    self.put(*item, me, to, definitions);
                }
                Change::ItemDestroyed { item, from } => self.take_away(*item, me, from),
                Change::GoldMoved { from, to, amount } => {
                    if is_purse(from, me) {
                        self.gold = self.gold.saturating_sub(*amount);
                    }
                    if is_purse(to, me) {
                        self.gold = self.gold.saturating_add(*amount);
                    }
                }
                Change::ExperienceGained { .. } => {}
            }
        }
    }

    fn put(&mut self, item: ItemId, me: CharacterId, to: &Owner, definitions: &BTreeMap<ItemId, String>) {
        if let Owner::Character { character, slot } = to
            && *character == me
        {
            let definition = definitions.get(&item).cloned().unwrap_or_default();
            self.items.insert(item, Held { definition, slot: *slot });
        }
    }

    fn take_away(&mut self, item: ItemId, me: CharacterId, from: &Owner) {
        if matches!(from, Owner::Character { character, .. } if *character == me) {
            self.items.remove(&item);
        }
    }
}

fn is_purse(account: &GoldAccount, me: CharacterId) -> bool {
    matches!(account, GoldAccount::Character { character } if *character == me)
}

fn tell_changes(player: Entity, before: &Touched, now: &Inventory, tell: &mut Tell<'_, '_>) {
    for (item, slot_before) in &before.slots {
        match now.get(*item) {
            Some(held) if Some(held.slot) != *slot_before => {
                tell.send(player, &ServerMessage::ItemPlaced { item: held.view(*item) });
            }
            None if slot_before.is_some() => tell.send(player, &ServerMessage::ItemGone { item: *item }),
            _ => {}
        }
    }
    if now.gold() != before.gold {
        tell.send(player, &ServerMessage::Gold { total: now.gold() });
    }
}
