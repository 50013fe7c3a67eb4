//! Who owns what, in memory: every event is judged as the store judges it, and done wholly or not at all.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_protocol::ids::{CharacterId, EventKey, ItemId, LockEpoch};
use realmgate_protocol::link::{Change, CharacterLoad, EventRefusal, GoldAccount, ItemRecord, OwnedEvent, Owner};

/// All that is owned.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    items: BTreeMap<ItemId, (String, Owner)>,
    /// By the account's own words: an account has no order of its own.
    gold: BTreeMap<String, i64>,
    experience: BTreeMap<CharacterId, (u64, u16)>,
    epochs: BTreeMap<CharacterId, LockEpoch>,
    done: BTreeSet<EventKey>,
}

fn purse(character: CharacterId) -> GoldAccount {
    GoldAccount::Character { character }
}

fn key(account: &GoldAccount) -> String {
    format!("{account:?}")
}

impl Ledger {
    /// Takes in a character with all it has.
    pub(super) fn add(&mut self, load: &CharacterLoad) {
        for ItemRecord { item, definition, slot } in &load.items {
            let owner = Owner::Character { character: load.character, slot: *slot };
            self.items.insert(*item, (definition.clone(), owner));
        }
        self.gold.insert(key(&purse(load.character)), load.gold as i64);
        *self.gold.entry(key(&GoldAccount::World)).or_default() -= load.gold as i64;
        self.experience.insert(load.character, (load.experience, load.level));
    }

    /// From now on only this epoch may write for a character.
    pub(super) fn lock(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.epochs.insert(character, epoch);
    }

    /// The epoch that may write for a character.
    pub fn epoch(&self, character: CharacterId) -> LockEpoch {
        self.epochs.get(&character).copied().unwrap_or_default()
    }

    /// The gold of a character.
    pub fn gold(&self, character: CharacterId) -> u64 {
        self.gold.get(&key(&purse(character))).map_or(0, |gold| *gold as u64)
    }

    /// The experience of a character, and its level.
    pub fn experience(&self, character: CharacterId) -> (u64, u16) {
        self.experience.get(&character).copied().unwrap_or((0, 1))
    }

    /// The items of a character.
    pub fn items(&self, character: CharacterId) -> BTreeMap<ItemId, ItemRecord> {
        let items = self.items.iter().filter_map(|(item, (definition, owner))| match owner {
            Owner::Character { character: owner, slot } if *owner == character => {
                Some((*item, ItemRecord { item: *item, definition: definition.clone(), slot: *slot }))
            }
            _ => None,
        });
        items.collect()
    }

    /// What lies on the ground: kinds of items, and gold in all.
    pub fn ground(&self) -> (Vec<&str>, i64) {
        let items = self.items.values().filter(|(_, owner)| *owner == Owner::Ground);
        let gold = self.gold.get(&key(&GoldAccount::Ground)).copied().unwrap_or_default();
        (items.map(|(definition, _)| definition.as_str()).collect(), gold)
    }

    /// All gold of everybody and the world's debt together: 0, or some came from nowhere.
    pub fn balance(&self) -> i64 {
        self.gold.values().sum()
    }

    /// Does an event, or says why not.
    pub fn commit(&mut self, event: &OwnedEvent) -> Option<EventRefusal> {
        if self.done.contains(&event.key) {
            return None;
        }
        if event.fences.iter().any(|fence| self.epoch(fence.character) != fence.epoch) {
            return Some(EventRefusal::Fenced);
        }
        let fenced = |character: &CharacterId| event.fences.iter().any(|fence| fence.character == *character);
        if !event.changes.iter().flat_map(characters_of).all(|character| fenced(&character)) {
            return Some(EventRefusal::Invalid);
        }
        let mut after = self.clone();
        for change in &event.changes {
            if let Err(refusal) = after.change(change) {
                return Some(refusal);
            }
        }
        after.done.insert(event.key);
        *self = after;
        None
    }

    fn change(&mut self, change: &Change) -> Result<(), EventRefusal> {
        match change {
            Change::ItemCreated { item, definition, to } => {
                if self.items.contains_key(item) {
                    return Err(EventRefusal::Invalid);
                }
                self.give(*item, definition.clone(), to)
            }
            Change::ItemMoved { item, from, to } => {
                let definition = self.take(*item, from)?;
                self.give(*item, definition, to)
            }
            Change::ItemDestroyed { item, from } => self.take(*item, from).map(drop),
            Change::GoldMoved { from, to, amount } => self.pay(from, to, *amount),
            Change::ExperienceGained { character, amount, level } => {
                let (experience, _) = self.experience(*character);
                self.experience.insert(*character, (experience + amount, *level));
                Ok(())
            }
        }
    }

    fn take(&mut self, item: ItemId, from: &Owner) -> Result<String, EventRefusal> {
        match self.items.get(&item) {
            Some((_, owner)) if owner == from => {}
            _ => return Err(EventRefusal::NotOwned),
        }
        self.items.remove(&item).map(|(definition, _)| definition).ok_or(EventRefusal::NotOwned)
    }

    fn give(&mut self, item: ItemId, definition: String, to: &Owner) -> Result<(), EventRefusal> {
        let is_slot = matches!(to, Owner::Character { .. });
        if is_slot && self.items.values().any(|(_, owner)| owner == to) {
            return Err(EventRefusal::SlotTaken);
        }
        self.items.insert(item, (definition, to.clone()));
        Ok(())
    }

    fn pay(&mut self, from: &GoldAccount, to: &GoldAccount, amount: u64) -> Result<(), EventRefusal> {
        if amount == 0 {
            return Err(EventRefusal::Invalid);
        }
        let left = self.gold.get(&key(from)).copied().unwrap_or_default() - amount as i64;
        let may_owe = matches!(from, GoldAccount::Vendor { .. } | GoldAccount::World);
        if left < 0 && !may_owe {
            return Err(EventRefusal::TooLittleGold);
        }
        self.gold.insert(key(from), left);
        *self.gold.entry(key(to)).or_default() += amount as i64;
        Ok(())
    }
}

/// The characters whose goods a change concerns.
fn characters_of(change: &Change) -> Vec<CharacterId> {
    let owner = |owner: &Owner| match owner {
        Owner::Character { character, .. } => Some(*character),
        _ => None,
    };
    let account = |account: &GoldAccount| match account {
        GoldAccount::Character { character } => Some(*character),
        _ => None,
    };
    let both = match change {
        Change::ItemCreated { to, .. } => [owner(to), None],
        Change::ItemMoved { from, to, .. } => [owner(from), owner(to)],
        Change::ItemDestroyed { from, .. } => [owner(from), None],
        Change::GoldMoved { from, to, .. } => [account(from), account(to)],
        Change::ExperienceGained { character, .. } => [Some(*character), None],
    };
    both.into_iter().flatten().collect()
}
