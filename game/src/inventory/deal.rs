//! Deals: changes of ownership that a feature puts together before it submits them to the store.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EventKey, ItemId};
use realmgate_protocol::link::{Change, GoldAccount, Owner};

use crate::requests::{Asked, Request};

/// Changes of ownership that happen together or not at all.
#[derive(Debug, Clone)]
pub struct Deal {
    pub(super) reason: &'static str,
    pub(super) asker: Option<(Entity, Asked)>,
    pub(super) key: Option<EventKey>,
    pub(super) changes: Vec<Change>,
    /// Definitions of the items. A change that moves an item does not name its definition.
    pub(super) definitions: BTreeMap<ItemId, String>,
}

impl Deal {
    /// Creates an empty deal that no player asked for. `reason` is for the record.
    pub fn new(reason: &'static str) -> Self {
        Self { reason, asker: None, key: None, changes: Vec::new(), definitions: BTreeMap::new() }
    }

    /// Sets the request that asked for it. Its player is told if the store refuses.
    pub fn asked_by(mut self, request: &Request) -> Self {
        self.asker = Some((request.player, request.into()));
        self
    }

    /// Sets its key, so that the same deal can never happen twice.
    pub fn once(mut self, key: EventKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Creates a new item.
    pub fn create(&mut self, item: ItemId, definition: &str, to: Owner) {
        self.definitions.insert(item, definition.to_owned());
        self.changes.push(Change::ItemCreated { item, definition: definition.to_owned(), to });
    }

    /// Moves an item to another owner or slot.
    pub fn hand_over(&mut self, item: ItemId, definition: &str, from: Owner, to: Owner) {
        self.definitions.insert(item, definition.to_owned());
        self.changes.push(Change::ItemMoved { item, from, to });
    }

    /// Destroys an item.
    pub fn destroy(&mut self, item: ItemId, from: Owner) {
        self.changes.push(Change::ItemDestroyed { item, from });
    }

    /// Moves gold from one account to another. Does nothing for an amount of 0.
    pub fn pay(&mut self, from: GoldAccount, to: GoldAccount, amount: u64) {
        if amount > 0 {
            self.changes.push(Change::GoldMoved { from, to, amount });
        }
    }

    /// Whether it has no changes, so there is nothing to submit.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
