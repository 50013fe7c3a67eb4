//! What lies on the ground of a map server lives only as long as its process: at a restart it goes, by the book.

use realmgate_protocol::ids::{EventKey, ServerId};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::plan::{GoldLine, ItemLine};
use super::sqlite::remember;
use super::{Swept, holdings};
use crate::store::locks::parsed;

/// Destroys the items on a map server's ground and gives its gold back to the world, as one event.
pub(super) async fn ground(connection: &mut SqliteConnection, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept> {
    let ground = format!("ground:{server}");
    let items = destroy_items(connection, &ground).await?;
    let gold = holdings::read_balance(connection, &ground).await?;
    if items.is_empty() && gold <= 0 {
        return Ok(Swept::default());
    }
    let key = EventKey::from(Uuid::now_v7()).to_string();
    holdings::write_item_lines(connection, &key, &items, now_ms).await?;
    if gold > 0 {
        return_gold(connection, &ground, gold).await?;
        let line = GoldLine { line: 0, from: ground, to: "world".to_owned(), amount: gold };
        holdings::write_gold_lines(connection, &key, &[line], now_ms).await?;
    }
    remember(connection, &key, "sweep", server, now_ms).await?;
    Ok(Swept { items: items.len() as u64, gold: u64::try_from(gold).unwrap_or(0) })
}

async fn destroy_items(connection: &mut SqliteConnection, ground: &str) -> sqlx::Result<Vec<ItemLine>> {
    let rows = sqlx::query("DELETE FROM items WHERE owner = $1 RETURNING id, definition")
        .bind(ground)
        .fetch_all(connection)
        .await?;
    let line = |(line, row)| {
        let definition = sqlx::sqlite::SqliteRow::try_get(row, "definition")?;
        Ok(ItemLine { line, item: parsed(row, "id")?, definition, from: Some(ground.to_owned()), to: None })
    };
    (0..).zip(&rows).map(line).collect()
}

async fn return_gold(connection: &mut SqliteConnection, ground: &str, gold: i64) -> sqlx::Result<()> {
    let changes = [(ground, -gold), ("world", gold)];
    for (owner, change) in changes {
        sqlx::query(
            "INSERT INTO gold_balances (owner, balance) VALUES ($1, $2) \
             ON CONFLICT (owner) DO UPDATE SET balance = gold_balances.balance + excluded.balance",
        )
        .bind(owner)
        .bind(change)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
