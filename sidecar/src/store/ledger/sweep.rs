//! What lies on the ground of a map server lives only as long as its process: at a restart it is removed, with ledger
//! lines.

use std::collections::BTreeMap;

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::parsed;
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::{EventKey, ServerId};
use sqlx::Row;
use uuid::Uuid;

use super::owner::LedgerOwner;
use super::plan::{GoldLine, ItemLine};
use super::{Swept, entries};

/// Destroys the items on a map server's ground and gives its gold back to the world, as one event.
pub(super) async fn ground(connection: &mut SqlConnection, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept> {
    let ground = LedgerOwner::Ground(server).to_string();
    let world = LedgerOwner::World.to_string();
    let key = EventKey::from(Uuid::now_v7()).to_string();
    lock_rows(connection, Rows::ItemsOfOwner, [ground.clone()]).await?;
    lock_rows(connection, Rows::Gold, [ground.clone(), world.clone()]).await?;
    let items = destroy_items(connection, &key, &ground).await?;
    let gold = balance(connection, &ground).await?;
    if items.is_empty() && gold <= 0 {
        return Ok(Swept::default());
    }
    entries::remember(connection, server, &BTreeMap::from([(key.clone(), "sweep")]), now_ms).await?;
    entries::write_item_lines(connection, &items, now_ms).await?;
    if gold > 0 {
        entries::add_gold(connection, &[(ground.clone(), -gold), (world.clone(), gold)]).await?;
        let line = GoldLine { line: 0, from: ground, to: world, amount: gold };
        entries::write_gold_lines(connection, &[(key, line)], now_ms).await?;
    }
    Ok(Swept { items: items.len() as u64, gold: u64::try_from(gold).unwrap_or(0) })
}

async fn destroy_items(
    connection: &mut SqlConnection,
    key: &str,
    ground: &str,
) -> sqlx::Result<Vec<(String, ItemLine)>> {
    let rows = sqlx::query("DELETE FROM items WHERE owner = $1 RETURNING id, definition")
        .bind(ground)
        .fetch_all(connection)
        .await?;
    (0..)
        .zip(&rows)
        .map(|(line, row)| {
            let (item, definition) = (parsed(row, "id")?, row.try_get("definition")?);
            Ok((key.to_owned(), ItemLine { line, item, definition, from: Some(ground.to_owned()), to: None }))
        })
        .collect()
}

async fn balance(connection: &mut SqlConnection, account: &str) -> sqlx::Result<i64> {
    let balance: Option<i64> = sqlx::query_scalar("SELECT balance FROM gold_balances WHERE owner = $1")
        .bind(account)
        .fetch_optional(connection)
        .await?;
    Ok(balance.unwrap_or(0))
}
