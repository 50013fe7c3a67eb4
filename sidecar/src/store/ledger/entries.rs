//! Writes the results of a batch of events, in few statements however many events there are.

use std::collections::BTreeMap;

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::to_sql_ms;
use realmgate_platform::database::rows::{Statement, Values, execute_in};
use realmgate_protocol::ids::{CharacterId, ItemId, ServerId};

use super::plan::{Gain, GoldLine, Holdings, Item, ItemLine};

/// Lines of the ledgers and gains, each with the key of its event.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) items: Vec<(String, ItemLine)>,
    pub(super) gold: Vec<(String, GoldLine)>,
    pub(super) gains: Vec<Gain>,
}

impl Entries {
    /// Writes all of them.
    pub(super) async fn write(&self, connection: &mut SqlConnection, now_ms: u64) -> sqlx::Result<()> {
        write_gains(connection, &self.gains).await?;
        write_item_lines(connection, &self.items, now_ms).await?;
        write_gold_lines(connection, &self.gold, now_ms).await
    }
}

/// Writes the items that changed. All of them give up their slots before any takes one, so that two can swap.
pub(super) async fn write_items(
    connection: &mut SqlConnection,
    before: &Holdings,
    after: &Holdings,
    now_ms: u64,
) -> sqlx::Result<()> {
    const UPSERT: Values = Values {
        before: "INSERT INTO items (id, definition, owner, slot, created_at_ms)",
        columns: 5,
        after: "ON CONFLICT (id) DO UPDATE \
                SET owner = excluded.owner, slot = excluded.slot, version = items.version + 1",
    };
    let changed: BTreeMap<&ItemId, &Item> =
        after.items.iter().filter(|(id, item)| before.items.get(id) != Some(item)).collect();
    let was_placed = |id: &ItemId| before.items.get(id).and_then(|item| item.location.as_ref());
    let gone = changed.iter().filter(|(id, item)| item.location.is_none() && was_placed(id).is_some());
    execute_in(connection, "DELETE FROM items WHERE id IN", gone.map(|(id, _)| id.to_string())).await?;
    let leaving = changed.keys().filter(|id| was_placed(id).is_some_and(|location| location.slot.is_some()));
    let leaving: Vec<String> = leaving.map(ToString::to_string).collect();
    if changed.len() > 1 {
        execute_in(connection, "UPDATE items SET slot = NULL WHERE id IN", leaving).await?;
    }
    let placed: Vec<_> =
        changed.into_iter().filter_map(|(id, item)| Some((id, &item.definition, item.location.as_ref()?))).collect();
    let bind = |statement: Statement, (id, definition, location): &(&ItemId, &String, &super::plan::ItemLocation)| {
        statement
            .bind(id.to_string())
            .bind((*definition).clone())
            .bind(location.owner.clone())
            .bind(location.slot.map(i64::from))
            .bind(to_sql_ms(now_ms))
    };
    UPSERT.execute(connection, &placed, bind).await.map(|_| ())
}

/// Writes the differences of balances, not the balances: where there was no row to lock, another transaction may have
/// created it.
pub(super) async fn write_gold(
    connection: &mut SqlConnection,
    before: &Holdings,
    after: &Holdings,
) -> sqlx::Result<()> {
    let mut differences = Vec::new();
    for (account, balance) in &after.gold {
        let difference = balance.checked_sub(before.gold.get(account).copied().unwrap_or(0));
        match difference.ok_or_else(|| sqlx::Error::Encode("gold exceeds the range of a number".into()))? {
            0 => {}
            difference => differences.push((account.clone(), difference)),
        }
    }
    add_gold(connection, &differences).await
}

/// Adds to balances, in the order of their accounts, as every row lock is taken.
pub(super) async fn add_gold(connection: &mut SqlConnection, differences: &[(String, i64)]) -> sqlx::Result<()> {
    const ADD: Values = Values {
        before: "INSERT INTO gold_balances (owner, balance)",
        columns: 2,
        after: "ON CONFLICT (owner) DO UPDATE SET balance = gold_balances.balance + excluded.balance",
    };
    let bind = |statement: Statement, (owner, by): &(String, i64)| statement.bind(owner.clone()).bind(*by);
    ADD.execute(connection, differences, bind).await.map(|_| ())
}

async fn write_gains(connection: &mut SqlConnection, gains: &[Gain]) -> sqlx::Result<()> {
    const GAIN: Values = Values {
        before: "WITH gained (id, amount, level) AS (",
        columns: 3,
        after: ") UPDATE characters SET experience = characters.experience + gained.amount, level = gained.level \
                FROM gained WHERE characters.id = gained.id",
    };
    // One row for each character, since a statement changes a row only once.
    let mut sums: BTreeMap<CharacterId, (i64, u16)> = BTreeMap::new();
    for gain in gains {
        let (amount, level) = sums.entry(gain.character).or_default();
        *amount = amount.saturating_add(gain.amount);
        *level = gain.level;
    }
    let sums: Vec<_> = sums.into_iter().collect();
    let bind = |statement: Statement, (character, (amount, level)): &(CharacterId, (i64, u16))| {
        statement.bind(character.to_string()).bind(*amount).bind(i64::from(*level))
    };
    GAIN.execute(connection, &sums, bind).await.map(|_| ())
}

/// Writes lines of the item ledger, each with its event's key.
pub(super) async fn write_item_lines(
    connection: &mut SqlConnection,
    lines: &[(String, ItemLine)],
    now_ms: u64,
) -> sqlx::Result<()> {
    const INSERT: Values = Values {
        before: "INSERT INTO item_ledger (event_key, line, item_id, definition, from_owner, to_owner, at_ms)",
        columns: 7,
        after: "",
    };
    let bind = |statement: Statement, (key, line): &(String, ItemLine)| {
        statement
            .bind(key.clone())
            .bind(line.line)
            .bind(line.item.to_string())
            .bind(line.definition.clone())
            .bind(line.from.clone())
            .bind(line.to.clone())
            .bind(to_sql_ms(now_ms))
    };
    INSERT.execute(connection, lines, bind).await.map(|_| ())
}

/// Writes lines of the gold ledger, each with its event's key.
pub(super) async fn write_gold_lines(
    connection: &mut SqlConnection,
    lines: &[(String, GoldLine)],
    now_ms: u64,
) -> sqlx::Result<()> {
    const INSERT: Values = Values {
        before: "INSERT INTO gold_ledger (event_key, line, from_owner, to_owner, amount, at_ms)",
        columns: 6,
        after: "",
    };
    let bind = |statement: Statement, (key, line): &(String, GoldLine)| {
        statement
            .bind(key.clone())
            .bind(line.line)
            .bind(line.from.clone())
            .bind(line.to.clone())
            .bind(line.amount)
            .bind(to_sql_ms(now_ms))
    };
    INSERT.execute(connection, lines, bind).await.map(|_| ())
}

/// Stores idempotency keys with their reasons, so that their events are never done again. Returns the keys that are
/// new.
pub(super) async fn remember(
    connection: &mut SqlConnection,
    server: &ServerId,
    keys: &BTreeMap<String, &str>,
    now_ms: u64,
) -> sqlx::Result<Vec<String>> {
    const KEEP: Values = Values {
        before: "INSERT INTO owned_events (event_key, reason, server_id, at_ms)",
        columns: 4,
        after: "ON CONFLICT (event_key) DO NOTHING RETURNING event_key",
    };
    let keys: Vec<(String, String)> = keys.iter().map(|(key, reason)| (key.clone(), (*reason).to_owned())).collect();
    let bind = |statement: Statement, (key, reason): &(String, String)| {
        statement.bind(key.clone()).bind(reason.clone()).bind(server.to_string()).bind(to_sql_ms(now_ms))
    };
    let kept = KEEP.fetch(connection, &keys, bind).await?;
    kept.iter().map(|row| sqlx::Row::try_get(row, "event_key")).collect()
}

/// Deletes the idempotency keys of events that were not done.
pub(super) async fn forget(connection: &mut SqlConnection, keys: impl IntoIterator<Item = String>) -> sqlx::Result<()> {
    execute_in(connection, "DELETE FROM owned_events WHERE event_key IN", keys).await
}
