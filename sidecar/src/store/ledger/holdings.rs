//! Reads what a batch of events touches, and locks it first.

use std::collections::{BTreeSet, HashMap};

use realmgate_platform::database::columns::{number, parsed};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::rows::fetch_in;
use realmgate_platform::database::{SqlConnection, SqlRow};
use realmgate_protocol::ids::{CharacterId, ItemId, ServerId};
use realmgate_protocol::link::{Change, OwnedEvent, Owner};
use sqlx::Row;

use super::owner::LedgerOwner;
use super::plan::{Holdings, Item, ItemLocation, Slots};
use crate::lock::CharacterLock;
use crate::store::locks::lock_of;

/// Everything that a batch of events names.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Characters that the events have fences for.
    characters: BTreeSet<CharacterId>,
    items: BTreeSet<ItemId>,
    accounts: BTreeSet<String>,
    /// Owners with slots that receive an item.
    receivers: BTreeSet<String>,
}

impl Touched {
    /// Collects what these events name.
    pub(super) fn by<'a>(server: &ServerId, events: impl IntoIterator<Item = &'a OwnedEvent>) -> Self {
        let mut touched = Self::default();
        for event in events {
            touched.characters.extend(event.fences.iter().map(|fence| fence.character));
            for change in &event.changes {
                touched.add(server, change);
            }
        }
        touched
    }

    fn add(&mut self, server: &ServerId, change: &Change) {
        match change {
            Change::ItemCreated { item, to, .. } | Change::ItemMoved { item, to, .. } => {
                self.items.insert(*item);
                if matches!(to, Owner::Character { .. }) {
                    self.receivers.insert(LedgerOwner::of_item(to, server).to_string());
                }
            }
            Change::ItemDestroyed { item, .. } => {
                self.items.insert(*item);
            }
            Change::GoldMoved { from, to, .. } => {
                self.accounts.extend([from, to].map(|account| LedgerOwner::of_gold(account, server).to_string()));
            }
            Change::ExperienceGained { .. } => {}
        }
    }

    /// Takes row locks on all of it, before anything is read: nobody can fence a character between its check and the
    /// commit, and of two batches that meet, one waits. What a character has is locked with the character, since nobody
    /// changes it without that lock.
    pub(super) async fn lock(&self, connection: &mut SqlConnection) -> sqlx::Result<()> {
        lock_rows(connection, Rows::Characters, self.characters.iter().map(ToString::to_string)).await?;
        lock_rows(connection, Rows::Items, self.items.iter().map(ToString::to_string)).await?;
        lock_rows(connection, Rows::Gold, self.accounts.iter().cloned()).await
    }

    /// The locks of the characters.
    pub(super) async fn locks(
        &self,
        connection: &mut SqlConnection,
    ) -> sqlx::Result<HashMap<CharacterId, CharacterLock>> {
        let query = "SELECT id, lock_owner, lock_epoch, lock_deadline_ms FROM characters WHERE id IN";
        let rows = fetch_in(connection, query, self.characters.iter().map(ToString::to_string)).await?;
        rows.iter().map(|row| Ok((parsed(row, "id")?, lock_of(row)?))).collect()
    }

    /// What is owned, and the slots that are taken.
    pub(super) async fn holdings(&self, connection: &mut SqlConnection) -> sqlx::Result<(Holdings, Slots)> {
        let mut holdings = Holdings::default();
        let query = "SELECT id, definition, owner, slot FROM items WHERE id IN";
        for row in fetch_in(connection, query, self.items.iter().map(ToString::to_string)).await? {
            let location = Some(ItemLocation { owner: row.try_get("owner")?, slot: slot(&row)? });
            holdings.items.insert(parsed(&row, "id")?, Item { definition: row.try_get("definition")?, location });
        }
        let missing: Vec<String> =
            self.items.iter().filter(|item| !holdings.items.contains_key(item)).map(ToString::to_string).collect();
        // Items that existed once: their ids are used up.
        let query = "SELECT DISTINCT item_id, definition FROM item_ledger WHERE item_id IN";
        for row in fetch_in(connection, query, missing).await? {
            let item = Item { definition: row.try_get("definition")?, location: None };
            holdings.items.insert(parsed(&row, "item_id")?, item);
        }
        let query = "SELECT owner, balance FROM gold_balances WHERE owner IN";
        for row in fetch_in(connection, query, self.accounts.iter().cloned()).await? {
            holdings.gold.insert(row.try_get("owner")?, row.try_get("balance")?);
        }
        Ok((holdings, self.slots(connection).await?))
    }

    async fn slots(&self, connection: &mut SqlConnection) -> sqlx::Result<Slots> {
        let mut slots = Slots::new();
        let query = "SELECT id, owner, slot FROM items WHERE slot IS NOT NULL AND owner IN";
        for row in fetch_in(connection, query, self.receivers.iter().cloned()).await? {
            slots.insert((row.try_get("owner")?, number(&row, "slot")?), parsed(&row, "id")?);
        }
        Ok(slots)
    }
}

fn slot(row: &SqlRow) -> sqlx::Result<Option<u16>> {
    match row.try_get::<Option<i64>, _>("slot")? {
        Some(_) => number(row, "slot").map(Some),
        None => Ok(None),
    }
}
