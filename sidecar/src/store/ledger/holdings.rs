//! Reads what an event touches, and writes what it leaves.

use std::collections::BTreeSet;

use realmgate_protocol::ids::{ItemId, ServerId};
use realmgate_protocol::link::{Change, OwnedEvent};
use sqlx::{Row, SqliteConnection};

use super::plan::{Gain, GoldLine, Holdings, Item, ItemLine, Place, account_text};
use crate::store::locks::number;
use crate::store::to_sql_ms;

/// What the store has of everything an event names.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    server: &ServerId,
    event: &OwnedEvent,
) -> sqlx::Result<Holdings> {
    let mut holdings = Holdings::default();
    for change in &event.changes {
        match change {
            Change::ItemCreated { item, .. } | Change::ItemMoved { item, .. } | Change::ItemDestroyed { item, .. } => {
                if let Some(found) = read_item(connection, *item).await? {
                    holdings.items.insert(*item, found);
                }
            }
            Change::GoldMoved { from, to, .. } => {
                for account in [from, to] {
                    let account = account_text(account, server);
                    let balance = read_balance(connection, &account).await?;
                    holdings.gold.insert(account, balance);
                }
            }
            Change::ExperienceGained { .. } => {}
        }
    }
    Ok(holdings)
}

/// An item that is, or one that was: then without a place.
async fn read_item(connection: &mut SqliteConnection, item: ItemId) -> sqlx::Result<Option<Item>> {
    let row = sqlx::query("SELECT definition, owner, slot FROM items WHERE id = $1")
        .bind(item.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = row {
        let slot = match row.try_get::<Option<i64>, _>("slot")? {
            Some(_) => Some(number(&row, "slot")?),
            None => None,
        };
        let place = Place { owner: row.try_get("owner")?, slot };
        return Ok(Some(Item { definition: row.try_get("definition")?, place: Some(place) }));
    }
    let past = sqlx::query("SELECT definition FROM item_ledger WHERE item_id = $1 LIMIT 1")
        .bind(item.to_string())
        .fetch_optional(connection)
        .await?;
    past.map(|row| Ok(Item { definition: row.try_get("definition")?, place: None })).transpose()
}

/// The balance of an account.
pub(super) async fn read_balance(connection: &mut SqliteConnection, account: &str) -> sqlx::Result<i64> {
    let balance: Option<(i64,)> = sqlx::query_as("SELECT balance FROM gold_balances WHERE owner = $1")
        .bind(account)
        .fetch_optional(connection)
        .await?;
    Ok(balance.map_or(0, |(balance,)| balance))
}

/// Writes the items that differ. All of them give up their slots before any takes one, so that two can swap.
pub(super) async fn write_items(
    connection: &mut SqliteConnection,
    before: &Holdings,
    after: &Holdings,
    now_ms: u64,
) -> sqlx::Result<()> {
    let changed: BTreeSet<ItemId> =
        after.items.iter().filter(|(id, item)| before.items.get(id) != Some(item)).map(|(id, _)| *id).collect();
    for id in &changed {
        let Some(was) = before.items.get(id).and_then(|item| item.place.as_ref()) else { continue };
        if after.items[id].place.is_none() {
            sqlx::query("DELETE FROM items WHERE id = $1").bind(id.to_string()).execute(&mut *connection).await?;
        } else if was.slot.is_some() && changed.len() > 1 {
            let query = sqlx::query("UPDATE items SET slot = NULL WHERE id = $1").bind(id.to_string());
            query.execute(&mut *connection).await?;
        }
    }
    for id in &changed {
        let Item { definition, place: Some(place) } = &after.items[id] else { continue };
        sqlx::query(
            "INSERT INTO items (id, definition, owner, slot, created_at_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, slot = excluded.slot, version = items.version + 1",
        )
        .bind(id.to_string())
        .bind(definition)
        .bind(&place.owner)
        .bind(place.slot.map(i64::from))
        .bind(to_sql_ms(now_ms))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Writes the balances that differ.
pub(super) async fn write_gold(
    connection: &mut SqliteConnection,
    before: &Holdings,
    after: &Holdings,
) -> sqlx::Result<()> {
    for (account, balance) in after.gold.iter().filter(|(account, balance)| before.gold.get(*account) != Some(balance))
    {
        sqlx::query(
            "INSERT INTO gold_balances (owner, balance) VALUES ($1, $2) \
             ON CONFLICT (owner) DO UPDATE SET balance = excluded.balance",
        )
        .bind(account)
        .bind(balance)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Adds experience.
pub(super) async fn write_gains(connection: &mut SqliteConnection, gains: &[Gain]) -> sqlx::Result<()> {
    for gain in gains {
        sqlx::query("UPDATE characters SET experience = experience + $2, level = $3 WHERE id = $1")
            .bind(gain.character.to_string())
            .bind(gain.amount)
            .bind(i64::from(gain.level))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Writes lines of the item ledger.
pub(super) async fn write_item_lines(
    connection: &mut SqliteConnection,
    event_key: &str,
    lines: &[ItemLine],
    now_ms: u64,
) -> sqlx::Result<()> {
    for line in lines {
        sqlx::query(
            "INSERT INTO item_ledger (event_key, line, item_id, definition, from_owner, to_owner, at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(event_key)
        .bind(line.line)
        .bind(line.item.to_string())
        .bind(&line.definition)
        .bind(&line.from)
        .bind(&line.to)
        .bind(to_sql_ms(now_ms))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Writes lines of the gold ledger.
pub(super) async fn write_gold_lines(
    connection: &mut SqliteConnection,
    event_key: &str,
    lines: &[GoldLine],
    now_ms: u64,
) -> sqlx::Result<()> {
    for line in lines {
        sqlx::query(
            "INSERT INTO gold_ledger (event_key, line, from_owner, to_owner, amount, at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(event_key)
        .bind(line.line)
        .bind(&line.from)
        .bind(&line.to)
        .bind(line.amount)
        .bind(to_sql_ms(now_ms))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
