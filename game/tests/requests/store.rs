//! An in-memory store that is as strict as the real one: it checks fences, owners, slots and balances change by change,
//! and remembers the keys of committed events.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_protocol::ids::{CharacterId, EventKey, ItemId, LockEpoch};
use realmgate_protocol::link::{Change, EventRefusal, GoldAccount, OwnedEvent, Owner};

/// The owners of all items and gold.
#[derive(Debug, Clone, Default)]
pub struct Store {
    pub items: BTreeMap<ItemId, (String, Owner)>,
    gold: BTreeMap<String, i64>,
    pub epochs: BTreeMap<CharacterId, LockEpoch>,
    known: BTreeSet<EventKey>,
    /// All items that ever existed.
    past: BTreeSet<ItemId>,
}

impl Store {
    /// Gold of an account.
    pub fn gold(&self, account: &GoldAccount) -> i64 {
        self.gold.get(&format!("{account:?}")).copied().unwrap_or(0)
    }

    pub fn gold_of(&self, character: CharacterId) -> i64 {
        self.gold(&GoldAccount::Character { character })
    }

    /// Gives a character its initial items and gold.
    pub fn endow(&mut self, character: CharacterId, items: &[(ItemId, String, u16)], gold: u64) {
        for (item, definition, slot) in items {
            self.items.insert(*item, (definition.clone(), Owner::Character { character, slot: *slot }));
            self.past.insert(*item);
        }
        self.add(&GoldAccount::Character { character }, gold as i64);
        self.add(&GoldAccount::World, -(gold as i64));
    }

    /// A character's items by id, with their slots.
    pub fn items_of(&self, character: CharacterId) -> BTreeMap<ItemId, u16> {
        let slot = |owner: &Owner| match owner {
            Owner::Character { character: owner, slot } if *owner == character => Some(*slot),
            _ => None,
        };
        self.items.iter().filter_map(|(item, (_, owner))| Some((*item, slot(owner)?))).collect()
    }

    /// Commits an event as a whole or not at all.
    pub fn commit(&mut self, event: &OwnedEvent) -> Option<EventRefusal> {
        if self.known.contains(&event.key) {
            return None;
        }
        if event.fences.iter().any(|fence| self.epochs.get(&fence.character) != Some(&fence.epoch)) {
            return Some(EventRefusal::Fenced);
        }
        let mut after = self.clone();
        for change in &event.changes {
            if let Err(refusal) = after.apply(change, event) {
                return Some(refusal);
            }
        }
        after.known.insert(event.key);
        *self = after;
        None
    }

    fn apply(&mut self, change: &Change, event: &OwnedEvent) -> Result<(), EventRefusal> {
        match change {
            Change::ItemCreated { item, definition, to } => {
                if !self.past.insert(*item) {
                    return Err(EventRefusal::Invalid);
                }
                self.check(to, event)?;
                self.items.insert(*item, (definition.clone(), to.clone()));
            }
            Change::ItemMoved { item, from, to } => {
                let (definition, owner) = self.items.get(item).cloned().ok_or(EventRefusal::NotOwned)?;
                if owner != *from {
                    return Err(EventRefusal::NotOwned);
                }
                self.check(to, event)?;
                self.items.insert(*item, (definition, to.clone()));
            }
            Change::ItemDestroyed { item, from } => {
                if self.items.remove(item).map(|(_, owner)| owner).as_ref() != Some(from) {
                    return Err(EventRefusal::NotOwned);
                }
            }
            Change::GoldMoved { from, to, amount } => {
                if *amount == 0 || from == to {
                    return Err(EventRefusal::Invalid);
                }
                self.add(from, -(*amount as i64));
                self.add(to, *amount as i64);
                let may_owe = matches!(from, GoldAccount::World | GoldAccount::Vendor { .. });
                if !may_owe && self.gold(from) < 0 {
                    return Err(EventRefusal::TooLittleGold);
                }
            }
            Change::ExperienceGained { .. } => {}
        }
        Ok(())
    }

    /// Whether a slot is free and the event has the lock of its character.
    fn check(&self, to: &Owner, event: &OwnedEvent) -> Result<(), EventRefusal> {
        let Owner::Character { character, .. } = to else { return Ok(()) };
        if event.fences.iter().all(|fence| fence.character != *character) {
            return Err(EventRefusal::Invalid);
        }
        if self.items.values().any(|(_, owner)| owner == to) { Err(EventRefusal::SlotTaken) } else { Ok(()) }
    }

    fn add(&mut self, account: &GoldAccount, amount: i64) {
        *self.gold.entry(format!("{account:?}")).or_default() += amount;
    }
}
