//! A change of what is owned, as a feature puts it together before the store is asked.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EventKey, ItemId};
use realmgate_protocol::link::{Change, GoldAccount, Owner};

/// Changes of what is owned that happen together or not at all.
#[derive(Debug, Clone)]
pub struct Deal {
    pub(super) reason: &'static str,
    pub(super) asker: Option<(Entity, &'static str)>,
    pub(super) key: Option<EventKey>,
    pub(super) changes: Vec<Change>,
    /// What the items are: an item that changes hands does not say so itself.
    pub(super) definitions: BTreeMap<ItemId, String>,
}

impl Deal {
    /// A deal that nobody asked for. `reason` is for the record.
    pub fn new(reason: &'static str) -> Self {
        Self { reason, asker: None, key: None, changes: Vec::new(), definitions: BTreeMap::new() }
    }

    /// The player who asked for it by a message of this name: who is told when the store refuses.
    pub fn asked_by(mut self, player: Entity, request: &'static str) -> Self {
        self.asker = Some((player, request));
        self
    }

    /// Gives it a key of its own, so that the same deal can never happen twice.
    pub fn once(mut self, key: EventKey) -> Self {
        self.key = Some(key);
        self
    }

    /// A new item comes into being.
    pub fn create(&mut self, item: ItemId, definition: &str, to: Owner) {
        self.definitions.insert(item, definition.to_owned());
        self.changes.push(Change::ItemCreated { item, definition: definition.to_owned(), to });
    }

    /// An item changes hands, or its slot.
    pub fn hand_over(&mut self, item: ItemId, definition: &str, from: Owner, to: Owner) {
        self.definitions.insert(item, definition.to_owned());
        self.changes.push(Change::ItemMoved { item, from, to });
    }

    /// An item ceases to be.
    pub fn destroy(&mut self, item: ItemId, from: Owner) {
        self.changes.push(Change::ItemDestroyed { item, from });
    }

    /// Gold changes hands; nothing happens for an amount of 0.
    pub fn pay(&mut self, from: GoldAccount, to: GoldAccount, amount: u64) {
        if amount > 0 {
            self.changes.push(Change::GoldMoved { from, to, amount });
        }
    }

    /// Whether it changes nothing: then there is nothing to ask the store.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
